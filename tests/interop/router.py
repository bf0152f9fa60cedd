"""One address in front of several real nodes, for programs that are written for a server with many people.

A request goes to the node of whoever its token belongs to. What a server has and a person's node has not is made up for
here, and nothing else:
  - registering, which starts a node;
  - names: a server gives them out, while people of Majlis are known by keys. Names become keys on the way in, and keys
    become names on the way out;
  - a server has everybody's posts, a node those of whom its owner follows. When a node does not know the number of a
    post, its owner follows whoever wrote it, in private, so that nobody is told; of accounts it is given the key;
  - changes are there at once on a server; here the next request waits until the others have what was said.
"""

import asyncio
import json
import re
import time
from urllib.parse import parse_qsl, urlencode

import aiohttp
from aiohttp import web

from nodes import Failed, Node

# Nodes beside the lasting ones that run at once.
MAX_RUNNING = 4
STATUS = re.compile(r"^/api/v1/(?:statuses|polls)/(\d+)")
NAMED = re.compile(r"(?:in_reply_to_id|status_id)\W+(\d+)")
ACCOUNT = re.compile(r"^/api/v1/accounts/(\d+)")
# What is not to be handed on: it is of one connection.
HOP = {"host", "connection", "content-length", "transfer-encoding", "content-encoding", "accept-encoding",
       "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol",
       "keep-alive"}
PATIENCE = 10


class Person:
    """Someone with a name, a node and a token."""

    def __init__(self, name, node, token, alias):
        self.name, self.node, self.token, self.alias = name, node, token, alias
        self.key = node.account.removeprefix("did:key:")


class Router:
    def __init__(self, binary, folder, port, app):
        self.binary, self.folder, self.port, self.app = binary, folder, port, app
        self.base = f"http://localhost:{port}"
        self.people, self.lasting = [], []
        # Who wrote the posts that have gone by, and whose the accounts are, by their numbers.
        self.authors, self.keys = {}, {}
        self.starting = asyncio.Lock()

    async def begin(self, names):
        """Starts the lasting nodes, which follow each other; the first also answers who has no token."""
        self.session = aiohttp.ClientSession(auto_decompress=True, timeout=aiohttp.ClientTimeout(total=None))
        for name, alias in names:
            self.lasting.append(await self.join(name, alias))
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self.answer)
        self.runner = web.AppRunner(app, shutdown_timeout=1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "localhost", self.port).start()

    async def end(self):
        await self.runner.cleanup()
        await self.session.close()
        for person in self.people:
            await asyncio.to_thread(person.node.kill)

    async def join(self, name, alias=None):
        """Starts a node for somebody, connected with those that run."""
        async with self.starting:
            name = name.lower()
            node = Node(f"{name}-{len(self.people)}", self.binary, self.folder)
            await asyncio.to_thread(node.start)
            token = await asyncio.to_thread(node.token, self.app)
            await asyncio.to_thread(node.ask, "profile", "--name", name)
            passing = [person for person in self.people if person not in self.lasting and person.node.process]
            for person in passing[: len(passing) - MAX_RUNNING + 1] if len(passing) >= MAX_RUNNING else []:
                await asyncio.to_thread(person.node.kill)
            others = [person for person in self.people if person.node.process]
            await asyncio.gather(*(asyncio.to_thread(node.ask, "connect", other.node.address()) for other in others))
            person = Person(name, node, token, alias or token)
            self.people.append(person)
            return person

    def owner(self, request):
        """Whose node is asked, and the token that is in the request."""
        text = request.headers.get("Authorization", "").removeprefix("Bearer ")
        text = text or request.query.get("access_token") or request.headers.get("Sec-WebSocket-Protocol", "")
        for person in self.people:
            if text and text in (person.alias, person.token):
                return person
        return self.lasting[0]

    def inward(self, text, person):
        """Names become keys."""
        for other in self.people:
            text = re.sub(rf"(?<![\w-]){re.escape(other.name)}(?![\w-])", other.key, text, flags=re.IGNORECASE)
        return text.replace(person.alias, person.token)

    def inward_pairs(self, text, person):
        """The same for a query or a form."""
        pairs = parse_qsl(text, keep_blank_values=True)
        return urlencode([(name, self.inward(value, person)) for name, value in pairs])

    def inward_path(self, request, person):
        query = self.inward_pairs(request.query_string, person)
        return f"{request.rel_url.raw_path}?{query}" if query else request.rel_url.raw_path

    def inward_body(self, request, body, person):
        if request.content_type == "application/x-www-form-urlencoded":
            return self.inward_pairs(body.decode(), person).encode()
        if request.content_type == "application/json":
            return self.inward(body.decode(), person).encode()
        return body

    def outward(self, text, person):
        """Keys become names."""
        text = text.replace(person.node.http.removeprefix("http://"), f"localhost:{self.port}")
        for other in self.people:
            # What stands under `majlis`, and the address that is the same everywhere, says the key.
            text = re.sub(rf"(?<!did:key:){other.key}", other.name, text)
        return text

    async def answer(self, request):
        try:
            if (request.method, request.path) == ("POST", "/api/v1/accounts"):
                return await self.register(request)
            person = self.owner(request)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self.upgrade(request, person)
            return await self.forward(request, person)
        except Failed as failure:
            return web.json_response({"error": str(failure)}, status=599)

    async def register(self, request):
        body = await request.json() if request.content_type == "application/json" else await request.post()
        person = await self.join(body["username"])
        return web.json_response({"access_token": person.token, "token_type": "Bearer",
                                  "scope": "read write follow", "created_at": int(time.time())})

    async def forward(self, request, person):
        path = self.inward_path(request, person)
        body = self.inward_body(request, await request.read(), person)
        headers = self.kept(request, person)

        async def send():
            return await self.session.request(request.method, person.node.http + path, data=body or None,
                                              headers=headers, allow_redirects=False)
        reply = await send()
        if reply.status == 404 and await self.acquaint(request.path, body, person):
            reply = await send()
        if reply.content_type == "text/event-stream":
            return await self.stream(request, reply, person)
        raw = await reply.read()
        if raw and reply.content_type == "application/json":
            self.note(raw)
        if request.method != "GET" and reply.ok:
            await self.settle(person)
        is_text = reply.content_type.startswith(("application/json", "text/"))
        headers = [(name, self.outward(value, person)) for name, value in reply.headers.items() if name.lower() not in HOP]
        body = self.outward(raw.decode(), person).encode() if is_text else raw
        return web.Response(status=reply.status, body=body, headers=headers)

    def kept(self, request, person):
        """The headers that are handed on."""
        return {name: self.inward(value, person) for name, value in request.headers.items() if name.lower() not in HOP}

    def note(self, raw):
        """Remembers who wrote the posts in an answer."""
        def walk(value):
            if isinstance(value, dict):
                if "acct" in value and "uri" in value:
                    self.keys[value["id"]] = value["uri"]
                if "in_reply_to_id" in value and isinstance(value.get("account"), dict):
                    self.authors[value["id"]] = value["account"]["uri"]
                value = list(value.values())
            for part in value if isinstance(value, list) else []:
                walk(part)
        walk(json.loads(raw))

    async def acquaint(self, path, body, person):
        """Has a node know what it was asked for."""
        if asked := STATUS.match(path):
            return await self.have(asked[1], person)
        if asked := NAMED.search(body.decode(errors="replace")):
            return await self.have(asked[1], person)
        if (asked := ACCOUNT.match(path)) and asked[1] in self.keys:
            address = f"{person.node.http}/api/v2/search?resolve=true&type=accounts&q={self.keys[asked[1]]}"
            async with self.session.get(address, headers={"Authorization": f"Bearer {person.token}"}) as reply:
                return bool((await reply.json())["accounts"])
        return False

    async def have(self, number, person):
        """Has a node hold the post that has this number."""
        author = self.authors.get(number)
        if author is None or author == person.node.account:
            return False
        ask = person.node.ask
        if author not in {line["account"] for line in await asyncio.to_thread(ask, "following")}:
            await asyncio.to_thread(ask, "follow", "--private", author)
        headers = {"Authorization": f"Bearer {person.token}"}
        deadline, found = time.monotonic() + PATIENCE, False
        while not found and time.monotonic() < deadline:
            async with self.session.get(f"{person.node.http}/api/v1/statuses/{number}", headers=headers) as reply:
                found = reply.ok
            await asyncio.sleep(0 if found else 0.02)
        return found

    async def settle(self, person):
        """Waits until those who run have what a person has said."""
        others = [other for other in self.people if other is not person and other.node.process]
        await asyncio.gather(*(asyncio.to_thread(other.node.ask, "sync") for other in others))

    async def stream(self, request, reply, person):
        response = web.StreamResponse(status=reply.status, headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for line in reply.content:
            await response.write(self.outward(line.decode(), person).encode())
        return response

    async def upgrade(self, request, person):
        protocols = [part.strip() for part in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if part.strip()]
        path, headers = self.inward_path(request, person), self.kept(request, person)
        inner = [self.inward(part, person) for part in protocols]
        try:
            far = await self.session.ws_connect(person.node.http + path, headers=headers, protocols=inner)
        except aiohttp.WSServerHandshakeError as error:
            return web.json_response({"error": error.message}, status=error.status)
        near = web.WebSocketResponse(protocols=protocols)
        await near.prepare(request)
        async def pass_on(source, sink, change):
            async for message in source:
                if message.type == aiohttp.WSMsgType.TEXT:
                    await sink.send_str(change(message.data, person))
            await sink.close()
        await asyncio.gather(pass_on(near, far, self.inward), pass_on(far, near, self.outward))
        return near
