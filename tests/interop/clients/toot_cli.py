"""toot: https://pypi.org/project/toot"""

import json
import logging
import os
import re
from pathlib import Path

from browser import consent
from story import ALT, ARABIC, ENGLISH, Story, eventually, write_many
from terminal import Terminal

MANY = 46

story = Story()
os.environ |= {"HOME": str(story.folder), "XDG_CONFIG_HOME": str(story.folder / "config")}
# Its settings are read when it is imported.
from click.testing import CliRunner  # noqa: E402
from toot.cli import cli  # noqa: E402

TOOT = Path(story.world["bin"]) / "toot"
a, b, c = (f"{story.node(name)['key']}@{story.node(name)['http'].removeprefix('http://')}" for name in "abc")
keys = {name: story.node(name)["key"] for name in "abc"}


class Requests(logging.Handler):
    """Keeps what was asked last and what was answered, to be told where a step fails."""

    def emit(self, record):
        text = record.getMessage().strip()
        if text.startswith("-->"):
            story.last = ""
        story.last = f"{story.last or ''} {text}"[-900:]


logging.getLogger("toot").addHandler(Requests())
logging.getLogger("toot").setLevel(logging.DEBUG)
logging.getLogger("toot").propagate = False


def toot(account, *arguments):
    """What toot prints when it acts for an account. It is called within this process: it takes long to start."""
    done = CliRunner().invoke(cli, ["--as", account, *arguments], input="")
    assert done.exit_code == 0, f"toot {' '.join(arguments)}: {done.exception!r} {done.stderr}"
    return done.stdout


def as_json(account, *arguments):
    return json.loads(toot(account, *arguments, "--json"))


def arrives(account, number, *command, fits=lambda _: True):
    """A post, as soon as it is on a timeline and as it should be."""
    def found():
        home = as_json(account, *(command or ("timelines", "home")))
        return next((post for post in home if number in (post["id"], (post["reblog"] or {}).get("id")) and fits(post)), None)
    return eventually(f"the post {number} is there", found)


def printed_ids(text):
    return re.findall(r"^ID (\d+) ", text, re.MULTILINE)


for name, account in {"a": a, "b": b, "c": c}.items():
    with story.step(f"{name} logs in with `toot login`, through the consent page"):
        with Terminal([TOOT, "login", "--instance", story.node(name)["http"]], os.environ) as terminal:
            terminal.until("Open link in default browser?")
            [url] = re.findall(r"http://\S+/oauth/authorize/\S+", terminal.printed.decode())
            terminal.press("n\r")
            terminal.until("Authorization code:")
            terminal.press(consent(story.node(name), url, "ar" if name == "b" else "en")["code"] + "\r")
            assert "Successfully logged in" in terminal.ended()
with story.step("all are logged in, and each is who its node says"):
    assert all(account in toot(a, "auth") for account in (a, b, c))
    assert [as_json(account, "whoami")["acct"] for account in (a, b, c)] == list(keys.values())
    assert "Majlis" in toot(a, "instance", story.node("a")["http"])
with story.step("the profile is changed, and read on b"):
    toot(a, "update-account", "--display-name", "زينب", "--note", "من بيروت", "--avatar", story.world["picture"])
    seen = eventually("b has it", lambda: (found := as_json(b, "whois", keys["a"]))["display_name"] == "زينب" and found)
    assert "بيروت" in seen["note"] and not seen["avatar"].endswith(".svg")
    assert "زينب" in toot(b, "whois", f"@{keys['a']}")

with story.step("a post with picture, words for it, warning, language and visibility is read on b"):
    full = as_json(a, "post", f"{ARABIC} #مجلس", "--media", story.world["picture"], "--description", ALT, "--sensitive",
                   "--spoiler-text", "تحذير", "--language", "ar", "--visibility", "unlisted")
    seen = arrives(b, full["id"])
    assert (seen["spoiler_text"], seen["language"], seen["visibility"]) == ("تحذير", "ar", "unlisted") and seen["sensitive"]
    assert seen["media_attachments"][0]["description"] == ALT
    assert ARABIC in toot(b, "status", full["id"])
with story.step("a poll is asked on a and answered on b"):
    asked = as_json(a, "post", "?", "--poll-option", "Tea", "--poll-option", "قهوة", "--poll-expires-in", "1h")
    poll = arrives(b, asked["id"])["poll"]
    assert as_json(b, "polls", "vote", poll["id"], "1")["own_votes"] == [1]
    eventually("a counts the vote",
               lambda: as_json(a, "polls", "show", asked["poll"]["id"])["options"][1]["votes_count"] == 1)
with story.step("replies on both nodes make one conversation"):
    first = as_json(a, "post", ENGLISH, "--language", "en")
    arrives(b, first["id"])
    reply = as_json(b, "post", ARABIC, "--reply-to", first["id"])
    assert reply["in_reply_to_id"] == first["id"]
    arrives(a, reply["id"])
    again = as_json(a, "post", "بعد العصر", "--reply-to", reply["id"])
    arrives(b, again["id"])
    told = toot(b, "thread", reply["id"])
    assert printed_ids(told) == [first["id"], reply["id"], again["id"]] and ENGLISH in told and ARABIC in told
with story.step("the last post is gone on with"):
    more = as_json(a, "post", "and another thing", "--reply-last")
    assert more["in_reply_to_id"] == again["id"]
with story.step("a deletion travels"):
    arrives(b, more["id"])
    assert as_json(a, "delete", more["id"])["text"] == "and another thing"
    eventually("it is gone on b", lambda: more["id"] not in toot(b, "timelines", "home", "--json"))

with story.step("a favourite is counted where the post is from, and taken back"):
    assert as_json(b, "favourite", again["id"])["favourited"]
    assert [post["id"] for post in as_json(b, "timelines", "favourites")] == [again["id"]]
    arrives(a, again["id"], "timelines", "account", keys["a"], fits=lambda post: post["favourites_count"] == 1)
    assert not as_json(b, "unfavourite", again["id"])["favourited"]
with story.step("a boost is a post of its own, seen by whom it shows, and taken back"):
    boost = as_json(b, "reblog", again["id"])
    assert boost["reblog"]["id"] == again["id"] != boost["id"]
    arrives(a, boost["id"])
    assert [account["acct"] for account in as_json(a, "reblogged-by", again["id"])] == [keys["b"]]
    assert not as_json(b, "unreblog", again["id"])["reblogged"]
with story.step("a bookmark is put and taken away"):
    assert as_json(b, "bookmark", full["id"])["bookmarked"] and printed_ids(toot(b, "bookmarks")) == [full["id"]]
    assert not as_json(b, "unbookmark", full["id"])["bookmarked"] and printed_ids(toot(b, "bookmarks")) == []
with story.step("a post is named by its address"):
    assert as_json(b, "bookmark", again["url"])["id"] == again["id"]
    toot(b, "unbookmark", again["id"])
with story.step("a post is pinned and unpinned"):
    assert as_json(a, "pin", asked["id"])["pinned"] and not as_json(a, "unpin", asked["id"])["pinned"]

with story.step("a list is made and filled"):
    assert as_json(b, "lists", "create", "الجيران")["title"] == "الجيران"
    toot(b, "lists", "add", "الجيران", keys["a"])
    assert [account["acct"] for account in as_json(b, "lists", "accounts", "الجيران")] == [keys["a"]]
with story.step(f"{MANY} posts come to b"):
    write_many(story, "a", [f"{turn} {ARABIC if turn % 2 else ENGLISH} #سلسلة" for turn in range(MANY)], "ar")
    last = eventually("b has the last", lambda: next(
        (post["id"] for post in as_json(b, "timelines", "home") if f">{MANY - 1} " in post["content"]), None))
    many = [post["id"] for post in as_json(b, "timelines", "tag", "سلسلة", "--limit", "40")]
    many += [post["id"] for post in as_json(b, "timelines", "tag", "سلسلة", "--limit", "40", "--max-id", many[-1])]
    assert len(many) == len(set(many)) == MANY and many[0] == last
for turn, (kind, account, *command) in enumerate([
    ("home", b, "home"), ("public", b, "public"), ("tag", b, "tag", "سلسلة"), ("list", b, "list", "الجيران"),
    ("account", b, "account", keys["a"]), ("local", a, "public", "--local"),
]):
    with story.step(f"pages of the {kind} timeline have no gaps and no doubles while posts come"):
        with Terminal([TOOT, "--as", account, "timelines", *command, "--limit", "10", "--no-clear"], os.environ) as terminal:
            pages = 0
            while terminal.child.isalive():
                pages += 1
                terminal.until(lambda _: terminal.printed.count(b"to continue") >= pages or not terminal.child.isalive())
                if pages == 1:
                    late = as_json(a, "post", f"late {turn} #سلسلة")["id"]
                    arrives(account, late)
                if terminal.child.isalive():
                    terminal.press(" ")
            got = printed_ids(terminal.ended())
        assert pages > 3 and len(got) == len(set(got)), f"doubles in {pages} pages"
        gaps = [number for number in many if number not in got]
        assert not gaps, f"gaps: {gaps}"
        assert got == sorted(got, key=int, reverse=True) and late not in got
with story.step("the list is emptied and removed"):
    toot(b, "lists", "remove", "الجيران", keys["a"])
    assert as_json(b, "timelines", "list", "الجيران") == []
    toot(b, "lists", "delete", "الجيران")
    assert as_json(b, "lists", "list") == []

with story.step("c follows b by an invite, and a by its key"):
    [found] = as_json(c, "search", "--resolve", story.node("b")["invite"])["accounts"]
    greeting = as_json(b, "post", f"{ARABIC} 👋")
    assert as_json(c, "follow", found["acct"])["following"]
    arrives(c, greeting["id"])
    assert as_json(c, "follow", f"@{keys['a']}")["following"]
    arrives(c, last, "timelines", "account", keys["a"], "--limit", "40")
    assert {account["acct"] for account in as_json(c, "following", keys["c"])} == {keys["a"], keys["b"]}
with story.step("followers are known"):
    eventually("b has two", lambda: {found["acct"] for found in as_json(b, "followers", keys["b"])} == {keys["a"], keys["c"]})
    assert not as_json(c, "unfollow", keys["a"])["following"]
with story.step("people, posts and tags are found"):
    assert [account["acct"] for account in as_json(b, "search", "زينب")["accounts"]] == [keys["a"]]
    eventually("the words are found", lambda: [
        post["id"] for post in as_json(b, "search", "العصر", "--type", "statuses")["statuses"]] == [again["id"]])
    assert [tag["name"] for tag in as_json(b, "search", "#سلسلة")["hashtags"]] == ["سلسلة"]
with story.step("a mute and a block hide, and end"):
    assert as_json(b, "mute", keys["a"])["muting"] and keys["a"] in toot(b, "muted")
    assert as_json(b, "timelines", "home") == [] or all(
        post["account"]["acct"] != keys["a"] for post in as_json(b, "timelines", "home"))
    assert not as_json(b, "unmute", keys["a"])["muting"] and "No accounts muted" in toot(b, "muted")
    assert as_json(c, "block", keys["b"])["blocking"] and keys["b"] in toot(c, "blocked")
    assert not as_json(c, "unblock", keys["b"])["blocking"] and "No accounts blocked" in toot(c, "blocked")
with story.step("notifications come, are chosen and cleared"):
    toot(b, "notifications", "--clear")
    assert "You have no notifications" in toot(b, "notifications")
    mention = as_json(a, "post", f"@{keys['b']} {ARABIC}")
    toot(a, "favourite", reply["id"])
    eventually("b is told", lambda: {one["type"] for one in as_json(b, "notifications")} >= {"mention", "favourite"})
    [told] = as_json(b, "notifications", "--type", "mention")
    assert told["status"]["id"] == mention["id"]
    assert "mention" not in {one["type"] for one in as_json(b, "notifications", "--exclude-type", "mention")}
    assert ARABIC in toot(b, "notifications")
    toot(b, "notifications", "--clear")
    assert as_json(b, "notifications") == []
with story.step("what a node of one's own has none of is empty"):
    assert as_json(b, "tags", "followed") == [] and as_json(b, "tags", "featured") == []
    assert as_json(b, "follow-requests", "list") == []
with story.step("what is not there is said not to be"):
    for asks in (("status", "1"), ("follow", "nobody"), ("polls", "show", "1")):
        try:
            toot(b, *asks)
        except AssertionError as error:
            assert "not found" in str(error).lower(), error
        else:
            raise AssertionError(f"toot finds {asks}")

story.end()
