// masto.js: https://www.npmjs.com/package/masto

import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";

import { ALT, ARABIC, ENGLISH, consent, end, eventually, holds, is, refused, remember, step, world } from "./story.mjs";

const SCOPES = "read write follow push";
const REDIRECT = "http://127.0.0.1:1/callback";
// More than two of the usual pages.
const MANY = 48;

// What goes by is remembered, to be told where a step fails.
const plain = globalThis.fetch;
globalThis.fetch = async (asked, options) => {
  const answer = await plain(asked, options);
  const text = await answer.clone().text();
  remember(`${asked.method ?? options?.method ?? "GET"} ${asked.url ?? asked} → ${answer.status} ${text.slice(0, 300)}`);
  return answer;
};

const picture = async () => new Blob([await readFile(world.picture)], { type: "image/png" });
const ids = (posts) => posts.map(({ id }) => id);
const notFound = ({ statusCode }) => statusCode === 404;

/** An app that the owner of a node has consented to in a browser, with PKCE. */
async function logIn(name, language) {
  const { http } = world.nodes[name];
  const registered = await createRestAPIClient({ url: http }).v1.apps.create({
    clientName: "مجلس masto.js", redirectUris: REDIRECT, scopes: SCOPES, website: "https://app.example",
  });
  const codeVerifier = randomBytes(32).toString("base64url");
  const url = new URL("/oauth/authorize", http);
  url.search = new URLSearchParams({
    client_id: registered.clientId, redirect_uri: REDIRECT, response_type: "code", scope: SCOPES, state: name,
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"), code_challenge_method: "S256",
  });
  const given = await consent(name, url, language);
  is(given.said.state, name);
  const oauth = createOAuthAPIClient({ url: http });
  const { clientId, clientSecret } = registered;
  const ask = {
    grantType: "authorization_code", clientId, clientSecret, redirectUri: REDIRECT, scope: SCOPES, code: given.code,
  };
  const token = await oauth.token.create({ ...ask, codeVerifier });
  return {
    ...createRestAPIClientOf(http, token.accessToken), oauth, clientId, clientSecret, token: token.accessToken, http, ask,
  };
}

function createRestAPIClientOf(url, accessToken) {
  const { v1, v2 } = createRestAPIClient({ url, accessToken, timeout: 30_000 });
  return { v1, v2 };
}

/** A post of a reader's home, as soon as it is there and as it should be. */
const shows = (app, { id }, fits = () => true) =>
  eventually(`the post ${id} is as it should be`, async () => {
    const home = await app.v1.timelines.home.list({ limit: 40 });
    holds(home.some((post) => (post.reblog ?? post).id === id), "it is not on the timeline");
    const status = await app.v1.statuses.$select(id).fetch();
    holds(fits(status), `it is ${JSON.stringify(status).slice(0, 300)}`);
    return status;
  });

const gone = (app, { id }) =>
  eventually(`the post ${id} is gone`, () => app.v1.statuses.$select(id).fetch().then(() => false, notFound));

let a, b, c, me, you, third, first, again, reply, full, asked, many, told;

await step("a, b and c log in through the consent page with PKCE, in Arabic and English", async () => {
  [a, b, c] = [await logIn("a", "ar"), await logIn("b", "en"), await logIn("c", "en")];
  // A code holds once: the second time takes the token with it.
  const lost = await logIn("c", "en");
  await refused(() => lost.oauth.token.create(lost.ask), ({ statusCode }) => statusCode === 400);
  await refused(() => lost.v1.accounts.verifyCredentials(), ({ statusCode }) => statusCode === 401);
});
await step("the owner, the app and the instance are what they are", async () => {
  [me, you, third] = await Promise.all([a, b, c].map((app) => app.v1.accounts.verifyCredentials()));
  is([me.acct, you.acct, third.acct], ["a", "b", "c"].map((name) => world.nodes[name].key));
  is((await a.v1.apps.verifyCredentials()).name, "مجلس masto.js");
  const [old, now] = [await a.v1.instance.fetch(), await a.v2.instance.fetch()];
  is([old.uri, old.urls.streamingApi], [now.domain, now.configuration.urls.streaming]);
  is((await a.v1.preferences.fetch())["posting:default:visibility"], "public");
});
await step("the profile is changed, and read on b", async () => {
  const changed = await a.v1.accounts.updateCredentials({
    displayName: "ليلى", note: "من القدس", avatar: await picture(), fieldsAttributes: [{ name: "بيت", value: "هنا" }],
  });
  is([changed.displayName, changed.source.note], ["ليلى", "من القدس"]);
  const seen = await eventually("b has it", async () => {
    const found = await b.v1.accounts.lookup({ acct: me.acct });
    return found.displayName === "ليلى" && found;
  });
  is([seen.fields[0].name, seen.id], ["بيت", me.id]);
  holds(seen.note.includes("القدس"), seen.note);
  holds((await plain((await b.v1.accounts.$select(seen.id).fetch()).avatar)).ok, "b has no picture");
});
await step("a post with picture, words for it, warning, language and visibility is read on b", async () => {
  const media = await a.v2.media.create({ file: await picture(), description: "?" });
  await a.v1.media.$select(media.id).update({ description: ALT });
  const said = {
    status: `${ARABIC} #مجلس`, mediaIds: [media.id], sensitive: true, spoilerText: "تحذير", language: "ar",
    visibility: "unlisted",
  };
  const meta = { requestInit: { headers: { "Idempotency-Key": "once" } } };
  full = await a.v1.statuses.create(said, meta);
  is((await a.v1.statuses.create(said, meta)).id, full.id, "sent twice");
  const seen = await shows(b, full);
  is([seen.spoilerText, seen.language, seen.visibility, seen.sensitive], ["تحذير", "ar", "unlisted", true]);
  is([seen.mediaAttachments[0].type, seen.mediaAttachments[0].description], ["image", ALT]);
  is((await plain(seen.mediaAttachments[0].url)).headers.get("content-type"), "image/png");
});
await step("a poll is asked on a and answered on b", async () => {
  asked = await a.v1.statuses.create({ status: "?", poll: { options: ["Tea", "قهوة", "Milk"], expiresIn: 3600, multiple: true } });
  const { poll } = await shows(b, asked);
  is([poll.options.map(({ title }) => title), poll.voted, poll.multiple], [["Tea", "قهوة", "Milk"], false, true]);
  const voted = await b.v1.polls.$select(poll.id).votes.create({ choices: [0, 1] });
  is([voted.voted, voted.ownVotes], [true, [0, 1]]);
  await eventually("a counts the votes", async () => {
    const { options, votesCount } = await a.v1.polls.$select(asked.poll.id).fetch();
    return options.map((option) => option.votesCount).join() === "1,1,0" && votesCount === 2;
  });
});
await step("replies on both nodes make one conversation", async () => {
  first = await a.v1.statuses.create({ status: ENGLISH, language: "en" });
  await shows(b, first);
  reply = await b.v1.statuses.create({ status: ARABIC, inReplyToId: first.id, language: "ar" });
  is([reply.inReplyToId, reply.inReplyToAccountId], [first.id, me.id]);
  await shows(a, reply);
  again = await a.v1.statuses.create({ status: "بعد العصر", inReplyToId: reply.id });
  await shows(b, again);
  const { ancestors, descendants } = await b.v1.statuses.$select(reply.id).context.fetch();
  is([ids(ancestors), ids(descendants)], [[first.id], [again.id]]);
});
await step("an edit travels with history and source", async () => {
  await a.v1.statuses.$select(first.id).update({ status: ARABIC, spoilerText: "edited", language: "ar" });
  is((await a.v1.statuses.$select(first.id).source.fetch()).text, ARABIC);
  const seen = await shows(b, first, ({ editedAt }) => editedAt);
  holds(seen.content.includes(ARABIC) && seen.spoilerText === "edited" && seen.language === "ar", seen.content);
  const history = await b.v1.statuses.$select(first.id).history.list();
  is([history.length, history[0].content.includes(ENGLISH), history[1].content.includes(ARABIC)], [2, true, true]);
});
await step("a deletion gives the text back and travels", async () => {
  const wrong = await a.v1.statuses.create({ status: "a slip of the pen" });
  await shows(b, wrong);
  is((await a.v1.statuses.$select(wrong.id).remove()).text, "a slip of the pen");
  await gone(a, wrong);
  await gone(b, wrong);
});
for (const [what, done, undone, mark, count, by, all] of [
  ["favourite", "favourite", "unfavourite", "favourited", "favouritesCount", "favouritedBy", "favourites"],
  ["boost", "reblog", "unreblog", "reblogged", "reblogsCount", "rebloggedBy", null],
  ["bookmark", "bookmark", "unbookmark", "bookmarked", null, null, "bookmarks"],
]) {
  await step(`a ${what} is put, seen where it should be, and taken back`, async () => {
    const post = b.v1.statuses.$select(again.id);
    const marked = await post[done]();
    is((marked.reblog ?? marked)[mark], true);
    if (count) await shows(a, again, (seen) => seen[count] === 1);
    if (all) is(ids(await b.v1[all].list()), [again.id]);
    if (by) is(ids(await a.v1.statuses.$select(again.id)[by].list()), [you.id]);
    is((await post[undone]())[mark], false);
    if (count) await shows(a, again, (seen) => seen[count] === 0);
    if (all) is(await b.v1[all].list(), []);
  });
}
await step("a post is pinned and unpinned, a conversation muted and unmuted", async () => {
  const post = a.v1.statuses.$select(asked.id);
  is([(await post.pin()).pinned, ids(await a.v1.accounts.$select(me.id).statuses.list({ pinned: true }))], [true, [asked.id]]);
  is((await post.unpin()).pinned, false);
  const muted = b.v1.statuses.$select(again.id);
  is([(await muted.mute()).muted, (await muted.unmute()).muted], [true, false]);
});
let near;
await step("a list is made, filled, renamed", async () => {
  near = await b.v1.lists.create({ title: "الجيران" });
  await b.v1.lists.$select(near.id).accounts.create({ accountIds: [me.id] });
  is(ids(await b.v1.lists.$select(near.id).accounts.list()), [me.id]);
  is((await b.v1.lists.$select(near.id).update({ title: "Neighbours" })).title, "Neighbours");
  is((await b.v1.lists.list()).map(({ title }) => title), ["Neighbours"]);
  is((await b.v1.accounts.$select(me.id).lists.list()).map(({ id }) => id), [near.id]);
});
await step(`${MANY} posts arrive`, async () => {
  many = [];
  for (let turn = 0; turn < MANY; turn += 1) {
    many.unshift((await a.v1.statuses.create({ status: `${turn} ${turn % 2 ? ARABIC : ENGLISH} #سلسلة` })).id);
  }
  await shows(b, { id: many[0] });
});
for (const [kind, reader, pages] of [
  ["home", () => b, (app) => app.v1.timelines.home], ["public", () => b, (app) => app.v1.timelines.public],
  ["tag", () => b, (app) => app.v1.timelines.tag.$select("سلسلة")],
  ["list", () => b, (app) => app.v1.timelines.list.$select(near.id)],
  ["account", () => b, (app) => app.v1.accounts.$select(me.id).statuses],
  ["local", () => a, (app) => app.v1.timelines.public],
]) {
  await step(`pages of the ${kind} timeline have no gaps and no doubles while posts come`, async () => {
    const got = [], late = [], app = reader();
    for await (const page of pages(app).list({ limit: 20, ...(kind === "local" ? { local: true } : {}) })) {
      if (!page.length) break;
      got.push(...ids(page));
      late.push((await a.v1.statuses.create({ status: `${kind} ${late.length} #سلسلة` })).id);
      await shows(app, { id: late.at(-1) });
    }
    is(got.length, new Set(got).size, "doubles");
    is(got, [...got].sort((x, y) => (BigInt(x) < BigInt(y) ? 1 : -1)), "order");
    is(got.filter((id) => many.includes(id)), many, "gaps");
    is(got.filter((id) => late.includes(id)), [], "what came later");
    const options = { minId: got[0], limit: 2, ...(kind === "local" ? { local: true } : {}) };
    is(ids(await pages(app).list(options)), late.slice(0, 2).reverse(), "min_id gives the next ones");
  });
}
await step("the list is emptied and removed", async () => {
  await b.v1.lists.$select(near.id).accounts.remove({ accountIds: [me.id] });
  is(await b.v1.timelines.list.$select(near.id).list(), []);
  await b.v1.lists.$select(near.id).remove();
  is(await b.v1.lists.list(), []);
});
await step("c follows b by an invite, and a by its key", async () => {
  const { accounts } = await c.v2.search.list({ q: world.nodes.b.invite, resolve: true, type: "accounts" });
  is(accounts.map(({ acct }) => acct), [you.acct]);
  const greeting = await b.v1.statuses.create({ status: `${ARABIC} 👋` });
  is((await c.v1.accounts.$select(accounts[0].id).follow()).following, true);
  await shows(c, greeting);
  const [found] = await c.v1.accounts.search.list({ q: me.acct, resolve: true });
  is((await c.v1.accounts.$select(found.id).follow()).following, true);
  await shows(c, { id: many[0] });
  const following = await c.v1.accounts.$select(third.id).following.list();
  is(following.map(({ acct }) => acct).sort(), [me.acct, you.acct].sort());
});
await step("followers and relationships are known on both sides", async () => {
  await eventually("b has two followers", async () => (await b.v1.accounts.$select(you.id).followers.list()).length === 2);
  const [known] = await b.v1.accounts.relationships.fetch({ id: [third.id] });
  is([known.followedBy, known.following], [true, false]);
  is((await c.v1.accounts.relationships.fetch({ id: [you.id, me.id] })).map(({ following }) => following), [true, true]);
  is((await c.v1.accounts.$select(me.id).unfollow()).following, false);
});
await step("people, posts and tags are found", async () => {
  is(ids(await b.v1.accounts.search.list({ q: "ليلى" })), [me.id]);
  await eventually("the words are found", async () =>
    ids((await b.v2.search.list({ q: "العصر", type: "statuses" })).statuses).join() === again.id);
  is((await b.v2.search.list({ q: "#سلسلة", type: "hashtags" })).hashtags.map(({ name }) => name), ["سلسلة"]);
  is(ids((await b.v2.search.list({ q: again.url, type: "statuses", resolve: true })).statuses), [again.id]);
});
await step("a mute and a block hide, and end", async () => {
  const person = b.v1.accounts.$select(me.id);
  const hidden = async () => !(await b.v1.timelines.home.list()).some(({ account }) => account.id === me.id);
  is([(await person.mute()).muting, ids(await b.v1.mutes.list()), await hidden()], [true, [me.id], true]);
  is([(await person.unmute()).muting, await b.v1.mutes.list(), await hidden()], [false, [], false]);
  is([(await person.block()).blocking, ids(await b.v1.blocks.list()), await hidden()], [true, [me.id], true]);
  is([(await person.unblock()).blocking, await b.v1.blocks.list()], [false, []]);
  await person.follow();
  is((await person.note.create({ comment: "جارتي" })).note, "جارتي");
  await eventually("it is there again", async () => !(await hidden()));
});
await step("notifications come, are chosen, dismissed and cleared", async () => {
  await b.v1.notifications.clear();
  is([await b.v1.notifications.list(), (await b.v1.notifications.unreadCount.fetch()).count], [[], 0]);
  const mention = await a.v1.statuses.create({ status: `@${you.acct} ${ARABIC}` });
  await a.v1.statuses.$select(reply.id).favourite();
  await a.v1.statuses.$select(reply.id).reblog();
  await eventually("b is told of all", async () => {
    told = await b.v1.notifications.list();
    return ["mention", "favourite", "reblog"].every((type) => told.some((one) => one.type === type));
  });
  const about = Object.fromEntries(told.map((one) => [one.type, one]));
  is([about.mention.status.id, about.favourite.status.id, about.favourite.account.id], [mention.id, reply.id, me.id]);
  is((await b.v1.notifications.unreadCount.fetch()).count, told.length);
  is(ids(await b.v1.notifications.list({ types: ["mention"] })), [about.mention.id]);
  holds((await b.v1.notifications.list({ excludeTypes: ["mention"] })).every(({ type }) => type !== "mention"), "excluded");
  const paged = [];
  for await (const page of b.v1.notifications.list({ limit: 1 })) {
    if (!page.length) break;
    paged.push(...ids(page));
  }
  is(paged, ids(told), "pages of one");
  is((await b.v1.notifications.$select(about.mention.id).fetch()).type, "mention");
  await b.v1.notifications.$select(about.mention.id).dismiss();
  is(ids(await b.v1.notifications.list()), ids(told).filter((id) => id !== about.mention.id));
  await b.v1.notifications.clear();
  is([await b.v1.notifications.list(), (await b.v1.notifications.unreadCount.fetch()).count], [[], 0]);
});
await step("reading positions are kept", async () => {
  const [newest] = await b.v1.timelines.home.list({ limit: 1 });
  is((await b.v1.markers.create({ home: { lastReadId: newest.id } })).home.lastReadId, newest.id);
  is((await b.v1.markers.fetch({ timeline: ["home", "notifications"] })).home.lastReadId, newest.id);
});
await step("filters are made, match, are changed, given words and posts, and removed", async () => {
  const made = await b.v2.filters.create({
    title: "المباراة", context: ["home", "public"], filterAction: "warn", keywordsAttributes: [{ keyword: "المباراة", wholeWord: true }],
  });
  is([made.title, made.filterAction, made.keywords[0].keyword], ["المباراة", "warn", "المباراة"]);
  const match = await a.v1.statuses.create({ status: "المباراة الليلة" });
  await shows(b, match);
  const seen = (await b.v1.timelines.home.list()).find(({ id }) => id === match.id);
  is([seen.filtered[0].filter.id, seen.filtered[0].keywordMatches], [made.id, ["المباراة"]]);
  const filter = b.v2.filters.$select(made.id);
  is((await filter.update({ title: "Match", filterAction: "hide" })).title, "Match");
  const word = await filter.keywords.create({ keyword: "كرة" });
  is((await filter.keywords.list()).map(({ keyword }) => keyword).sort(), ["المباراة", "كرة"].sort());
  is((await b.v2.filters.keywords.$select(word.id).update({ keyword: "كرة القدم" })).keyword, "كرة القدم");
  await b.v2.filters.keywords.$select(word.id).remove();
  const kept = await filter.statuses.create({ statusId: again.id });
  is((await filter.statuses.list()).map(({ statusId }) => statusId), [again.id]);
  await b.v2.filters.statuses.$select(kept.id).remove();
  is((await b.v2.filters.list()).length, 1);
  await filter.remove();
  is(await b.v2.filters.list(), []);
});

/** What a subscription tells, kept as it comes. */
function keep(subscription) {
  const kept = { came: [], ended: null };
  kept.heard = (event, fits) =>
    eventually(`${event} comes`, () => kept.came.find((one) => one.event === event && fits(one.payload)));
  (async () => {
    for await (const event of subscription) kept.came.push(event);
  })().catch((error) => (kept.ended = error));
  return kept;
}

for (const useInsecureAccessToken of [false, true]) {
  const way = useInsecureAccessToken ? "in the address" : "as the WebSocket's protocol";
  await step(`what happens is streamed over one WebSocket, with the token ${way}`, async () => {
    const streamingApiUrl = (await b.v2.instance.fetch()).configuration.urls.streaming;
    const live = createStreamingAPIClient({ streamingApiUrl, accessToken: b.token, useInsecureAccessToken, retry: 1 });
    try {
      await Promise.race([
        live.prepare(),
        new Promise((_, fail) => setTimeout(() => fail(new Error("the socket does not open")), 5000).unref()),
      ]);
      const user = keep(live.user.subscribe());
      const tag = keep(live.hashtag.subscribe({ tag: "بث" }));
      const notifications = keep(live.user.notification.subscribe());
      const local = keep(live.public.local.subscribe());
      // A subscription is not acknowledged: what is said until one is heard opens it.
      await eventually("the streams tell", async () => {
        await a.v1.statuses.create({ status: `@${you.acct} open #بث` });
        await b.v1.statuses.create({ status: "open" });
        return [user, tag, notifications, local].every(({ came }) => came.length);
      });
      const said = await a.v1.statuses.create({ status: `@${you.acct} ${ARABIC} #بث` });
      const heard = await user.heard("update", ({ id }) => id === said.id);
      holds(heard.payload.content.includes(ARABIC), heard.payload.content);
      is(heard.stream, ["user"]);
      is((await tag.heard("update", ({ id }) => id === said.id)).stream, ["hashtag", "بث"]);
      is((await notifications.heard("notification", ({ status }) => status?.id === said.id)).payload.type, "mention");
      await a.v1.statuses.$select(said.id).update({ status: ENGLISH });
      await user.heard("status.update", ({ id, content }) => id === said.id && content.includes(ENGLISH));
      await a.v1.statuses.$select(said.id).remove();
      await user.heard("delete", (id) => id === said.id);
      holds(!notifications.came.some(({ event }) => event === "update"), "a post on the notifications' stream");
      holds(!local.came.some(({ payload }) => payload.id === said.id), "of another node on the local stream");
    } finally {
      live.close();
    }
  });
}
await step("what a node of one's own has none of is empty", async () => {
  const { v1, v2 } = b;
  for (const none of [
    v1.announcements, v1.conversations, v1.followRequests, v1.domainBlocks, v1.customEmojis, v1.scheduledStatuses,
    v1.trends.tags, v1.trends.statuses, v1.trends.links, v1.endorsements, v1.featuredTags, v1.followedTags, v2.suggestions,
  ]) {
    is(await none.list(), []);
  }
});
await step("what is not there is said not to be", async () => {
  for (const asks of [
    () => b.v1.statuses.$select("1").fetch(), () => b.v1.accounts.$select("1").fetch(),
    () => b.v1.lists.$select("1").fetch(), () => b.v1.polls.$select("1").fetch(), () => b.v2.filters.$select("1").fetch(),
    () => b.v1.accounts.lookup({ acct: "nobody" }),
  ]) {
    await refused(asks, notFound);
  }
  await refused(() => b.v1.statuses.create({ status: "" }), ({ statusCode }) => statusCode === 422);
});
await step("a token that was given back opens nothing", async () => {
  await b.oauth.revoke({ clientId: b.clientId, clientSecret: b.clientSecret, token: b.token });
  await refused(() => b.v1.timelines.home.list(), ({ statusCode }) => statusCode === 401);
});
end();
