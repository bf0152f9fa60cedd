// megalodon: https://www.npmjs.com/package/megalodon

import { createReadStream } from "node:fs";

import axios from "axios";
import generator, { detector } from "megalodon";

import { ALT, ARABIC, ENGLISH, consent, end, eventually, holds, is, refused, remember, step, world } from "./story.mjs";

const MANY = 46;

const ids = (posts) => posts.map(({ id }) => id);
const status = (wanted) => (error) => error.response?.status === wanted;

/** What goes by is remembered, to be told where a step fails. */
function watched() {
  const instance = axios.create({ timeout: 30_000 });
  const keep = ({ config, status, data }) => {
    const sent = typeof config.data === "string" ? config.data.slice(0, 200) : "";
    const query = config.params ? JSON.stringify(config.params) : "";
    remember(`${config.method} ${config.url} ${query} ${sent} → ${status} ${JSON.stringify(data)?.slice(0, 300)}`);
  };
  instance.interceptors.response.use(
    (answer) => (keep(answer), answer),
    (error) => (error.response && keep(error.response), Promise.reject(error)),
  );
  return instance;
}

/** An app that the owner of a node has consented to in a browser. */
async function logIn(name, language) {
  const { http } = world.nodes[name];
  const kind = await detector(http);
  is(kind, "mastodon");
  const stranger = generator(kind, http, null, null, watched());
  const app = await stranger.registerApp("مجلس megalodon", { scopes: ["read", "write", "follow"], website: "https://app.example" });
  const { code } = await consent(name, app.url, language);
  const given = await stranger.fetchAccessToken(app.client_id, app.client_secret, code);
  const client = generator(kind, http, given.access_token, "Majlis tests", watched());
  return Object.assign(client, { app, token: given.access_token, stranger });
}

/** A post of a reader's home, as soon as it is there and as it should be. */
const shows = (app, { id }, fits = () => true) =>
  eventually(`the post ${id} is as it should be`, async () => {
    const home = (await app.getHomeTimeline({ limit: 40 })).data;
    holds(home.some((post) => (post.reblog ?? post).id === id), "it is not on the timeline");
    const { data } = await app.getStatus(id);
    holds(fits(data), `it is ${JSON.stringify(data).slice(0, 300)}`);
    return data;
  });

const gone = (app, { id }) =>
  eventually(`the post ${id} is gone`, () => app.getStatus(id).then(() => false, status(404)));

let a, b, c, me, you, third, first, again, reply, many;

await step("a, b and c are recognized, and log in through the consent page, out of band", async () => {
  [a, b, c] = [await logIn("a", "ar"), await logIn("b", "en"), await logIn("c", "en")];
});
await step("the owner, the app and the instance are what they are", async () => {
  [me, you, third] = (await Promise.all([a, b, c].map((app) => app.verifyAccountCredentials()))).map(({ data }) => data);
  is([me.acct, you.acct, third.acct], ["a", "b", "c"].map((name) => world.nodes[name].key));
  is((await a.verifyAppCredentials()).data.name, "مجلس megalodon");
  holds((await a.getInstance()).data.urls.streaming_api.startsWith("ws://"), "no address for streams");
  is((await a.getPreferences()).data["posting:default:visibility"], "public");
});
await step("the profile is changed, and read on b", async () => {
  const { data } = await a.updateCredentials({ display_name: "هدى", note: "من تونس", fields_attributes: [{ name: "بيت", value: "هنا" }] });
  is([data.display_name, data.source.note], ["هدى", "من تونس"]);
  await eventually("b has it", async () => (await b.lookupAccount(me.acct)).data.display_name === "هدى");
  is((await b.getAccount(me.id)).data.fields[0].name, "بيت");
});
await step("a post with picture, words for it, warning, language and visibility is read on b", async () => {
  const { data: media } = await a.uploadMedia(createReadStream(world.picture), { description: "?" });
  is((await a.updateMedia(media.id, { description: ALT })).data.description, ALT);
  is((await a.getMedia(media.id)).data.type, "image");
  const { data: full } = await a.postStatus(`${ARABIC} #مجلس`, {
    media_ids: [media.id], sensitive: true, spoiler_text: "تحذير", language: "ar", visibility: "unlisted",
  });
  const seen = await shows(b, full);
  is([seen.spoiler_text, seen.language, seen.visibility, seen.sensitive], ["تحذير", "ar", "unlisted", true]);
  is([seen.media_attachments[0].type, seen.media_attachments[0].description], ["image", ALT]);
  is((await fetch(seen.media_attachments[0].url)).headers.get("content-type"), "image/png");
});
await step("a poll is asked on a and answered on b", async () => {
  const { data: asked } = await a.postStatus("?", { poll: { options: ["Tea", "قهوة"], expires_in: 3600 } });
  const { poll } = await shows(b, asked);
  is([poll.options.map(({ title }) => title), poll.voted], [["Tea", "قهوة"], false]);
  is((await b.votePoll(poll.id, [1])).data.own_votes, [1]);
  await eventually("a counts the vote", async () => (await a.getPoll(asked.poll.id)).data.options[1].votes_count === 1);
});
await step("replies on both nodes make one conversation", async () => {
  first = (await a.postStatus(ENGLISH, { language: "en" })).data;
  await shows(b, first);
  reply = (await b.postStatus(ARABIC, { in_reply_to_id: first.id, language: "ar" })).data;
  is([reply.in_reply_to_id, reply.in_reply_to_account_id], [first.id, me.id]);
  await shows(a, reply);
  again = (await a.postStatus("بعد العصر", { in_reply_to_id: reply.id })).data;
  await shows(b, again);
  const { ancestors, descendants } = (await b.getStatusContext(reply.id)).data;
  is([ids(ancestors), ids(descendants)], [[first.id], [again.id]]);
});
await step("an edit travels, and has its source", async () => {
  await a.editStatus(first.id, { status: ARABIC, spoiler_text: "edited" });
  is((await a.getStatusSource(first.id)).data.text, ARABIC);
  const seen = await shows(b, first, ({ edited_at }) => edited_at);
  holds(seen.content.includes(ARABIC) && seen.spoiler_text === "edited", seen.content);
});
await step("a deletion travels", async () => {
  const { data: wrong } = await a.postStatus("a slip of the pen");
  await shows(b, wrong);
  await a.deleteStatus(wrong.id);
  await gone(a, wrong);
  await gone(b, wrong);
});
for (const [what, done, undone, mark, count, by, all] of [
  ["favourite", "favouriteStatus", "unfavouriteStatus", "favourited", "favourites_count", "getStatusFavouritedBy", "getFavourites"],
  ["boost", "reblogStatus", "unreblogStatus", "reblogged", "reblogs_count", "getStatusRebloggedBy", null],
  ["bookmark", "bookmarkStatus", "unbookmarkStatus", "bookmarked", null, null, "getBookmarks"],
]) {
  await step(`a ${what} is put, seen where it should be, and taken back`, async () => {
    const { data: marked } = await b[done](again.id);
    is((marked.reblog ?? marked)[mark], true);
    if (count) await shows(a, again, (seen) => seen[count] === 1);
    if (all) is(ids((await b[all]()).data), [again.id]);
    if (by) is(ids((await a[by](again.id)).data), [you.id]);
    is((await b[undone](again.id)).data[mark], false);
    if (count) await shows(a, again, (seen) => seen[count] === 0);
    if (all) is((await b[all]()).data, []);
  });
}
await step("a post is pinned and unpinned, a conversation muted and unmuted", async () => {
  is((await a.pinStatus(again.id)).data.pinned, true);
  is(ids((await a.getAccountStatuses(me.id, { pinned: true })).data), [again.id]);
  is((await a.unpinStatus(again.id)).data.pinned, false);
  is([(await b.muteStatus(again.id)).data.muted, (await b.unmuteStatus(again.id)).data.muted], [true, false]);
});
let near;
await step("a list is made, filled, renamed", async () => {
  near = (await b.createList("الجيران")).data;
  await b.addAccountsToList(near.id, [me.id]);
  is(ids((await b.getAccountsInList(near.id)).data), [me.id]);
  is((await b.updateList(near.id, "Neighbours")).data.title, "Neighbours");
  is((await b.getLists()).data.map(({ title }) => title), ["Neighbours"]);
  is(ids((await b.getAccountLists(me.id)).data), [near.id]);
});
await step(`${MANY} posts arrive`, async () => {
  many = [];
  for (let turn = 0; turn < MANY; turn += 1) {
    many.unshift((await a.postStatus(`${turn} ${turn % 2 ? ARABIC : ENGLISH} #سلسلة`)).data.id);
  }
  await shows(b, { id: many[0] });
});
for (const [kind, reader, ask] of [
  ["home", () => b, (app, options) => app.getHomeTimeline(options)],
  ["public", () => b, (app, options) => app.getPublicTimeline(options)],
  ["tag", () => b, (app, options) => app.getTagTimeline(encodeURIComponent("سلسلة"), options)],
  ["list", () => b, (app, options) => app.getListTimeline(near.id, options)],
  ["account", () => b, (app, options) => app.getAccountStatuses(me.id, options)],
  ["local", () => a, (app, options) => app.getLocalTimeline(options)],
]) {
  await step(`pages of the ${kind} timeline have no gaps and no doubles while posts come`, async () => {
    const got = [], late = [], app = reader();
    for (;;) {
      const { data: page } = await ask(app, { limit: 20, ...(got.length ? { max_id: got.at(-1) } : {}) });
      if (!page.length) break;
      got.push(...ids(page));
      late.push((await a.postStatus(`${kind} ${late.length} #سلسلة`)).data.id);
      await shows(app, { id: late.at(-1) });
    }
    is(got.length, new Set(got).size, "doubles");
    is(got, [...got].sort((x, y) => (BigInt(x) < BigInt(y) ? 1 : -1)), "order");
    is(got.filter((id) => many.includes(id)), many, "gaps");
    is(got.filter((id) => late.includes(id)), [], "what came later");
    is(ids((await ask(app, { min_id: got[0], limit: 2 })).data), late.slice(0, 2).reverse(), "min_id gives the next ones");
    is(ids((await ask(app, { since_id: got[0], limit: 2 })).data), late.slice(-2).reverse(), "since_id gives the newest");
  });
}
await step("the list is emptied and removed", async () => {
  await b.deleteAccountsFromList(near.id, [me.id]);
  is((await b.getListTimeline(near.id)).data, []);
  await b.deleteList(near.id);
  is((await b.getLists()).data, []);
});
await step("c follows b by an invite, and a by its key", async () => {
  const { accounts } = (await c.search(world.nodes.b.invite, { type: "accounts", resolve: true })).data;
  is(accounts.map(({ acct }) => acct), [you.acct]);
  const { data: greeting } = await b.postStatus(`${ARABIC} 👋`);
  is((await c.followAccount(accounts[0].id)).data.following, true);
  await shows(c, greeting);
  const [found] = (await c.searchAccount(me.acct, { resolve: true })).data;
  is((await c.followAccount(found.id)).data.following, true);
  await shows(c, { id: many[0] });
  is((await c.getAccountFollowing(third.id)).data.map(({ acct }) => acct).sort(), [me.acct, you.acct].sort());
});
await step("followers and relationships are known on both sides", async () => {
  await eventually("b has two followers", async () => (await b.getAccountFollowers(you.id)).data.length === 2);
  const { data: known } = await b.getRelationship(third.id);
  is([known.followed_by, known.following], [true, false]);
  is((await c.getRelationships([you.id, me.id])).data.map(({ following }) => following), [true, true]);
  is((await c.unfollowAccount(me.id)).data.following, false);
});
await step("people, posts and tags are found", async () => {
  is(ids((await b.searchAccount("هدى")).data), [me.id]);
  await eventually("the words are found", async () =>
    ids((await b.search("العصر", { type: "statuses" })).data.statuses).join() === again.id);
  is((await b.search("#سلسلة", { type: "hashtags" })).data.hashtags.map(({ name }) => name), ["سلسلة"]);
});
await step("a mute and a block hide, and end", async () => {
  const hidden = async () => !(await b.getHomeTimeline()).data.some(({ account }) => account.id === me.id);
  is([(await b.muteAccount(me.id, true)).data.muting, ids((await b.getMutes()).data), await hidden()], [true, [me.id], true]);
  is([(await b.unmuteAccount(me.id)).data.muting, (await b.getMutes()).data, await hidden()], [false, [], false]);
  is([(await b.blockAccount(me.id)).data.blocking, ids((await b.getBlocks()).data), await hidden()], [true, [me.id], true]);
  is([(await b.unblockAccount(me.id)).data.blocking, (await b.getBlocks()).data], [false, []]);
  await b.followAccount(me.id);
  is((await b.setAccountNote(me.id, "جارتي")).data.note, "جارتي");
  await eventually("it is there again", async () => !(await hidden()));
});
await step("notifications come, are dismissed and cleared", async () => {
  await b.dismissNotifications();
  is((await b.getNotifications()).data, []);
  const { data: mention } = await a.postStatus(`@${you.acct} ${ARABIC}`);
  await a.favouriteStatus(reply.id);
  await a.reblogStatus(reply.id);
  let told;
  await eventually("b is told of all", async () => {
    told = (await b.getNotifications()).data;
    return ["mention", "favourite", "reblog"].every((type) => told.some((one) => one.type === type));
  });
  const about = Object.fromEntries(told.map((one) => [one.type, one]));
  is([about.mention.status.id, about.favourite.status.id, about.favourite.account.id], [mention.id, reply.id, me.id]);
  const without = (await b.getNotifications({ exclude_types: ["mention"] })).data;
  is(without.some(({ type }) => type === "mention"), false);
  is((await b.getNotification(about.mention.id)).data.status.id, mention.id);
  await b.dismissNotification(about.mention.id);
  is(ids((await b.getNotifications()).data), ids(told).filter((id) => id !== about.mention.id));
  await b.dismissNotifications();
  is((await b.getNotifications()).data, []);
});
await step("reading positions are kept", async () => {
  const [newest] = (await b.getHomeTimeline({ limit: 1 })).data;
  is((await b.saveMarkers({ home: { last_read_id: newest.id } })).data.home.last_read_id, newest.id);
  is((await b.getMarkers(["home", "notifications"])).data.home.last_read_id, newest.id);
});
await step("filters of the first kind are made, changed and removed", async () => {
  const { data: made } = await b.createFilter("المباراة", ["home", "public"], { whole_word: true });
  is([made.phrase, made.context, made.whole_word], ["المباراة", ["home", "public"], true]);
  is((await b.updateFilter(made.id, "كرة", ["home"])).data.phrase, "كرة");
  is((await b.getFilters()).data.map(({ phrase }) => phrase), ["كرة"]);
  await b.deleteFilter(made.id);
  is((await b.getFilters()).data, []);
});

/** What a stream tells, kept as it comes; it was begun when it was made. */
function keep(stream) {
  const kept = { came: [], wrong: null };
  for (const name of ["connect", "update", "notification", "delete", "status_update"]) {
    stream.on(name, (what) => kept.came.push([name, what]));
  }
  for (const name of ["error", "parser-error"]) stream.on(name, (error) => (kept.wrong = error));
  kept.heard = (name, fits = () => true) =>
    eventually(`${name} comes`, () => {
      holds(!kept.wrong, `${kept.wrong}`);
      return kept.came.find(([got, what]) => got === name && fits(what))?.[1];
    });
  return kept;
}

await step("what happens is streamed over WebSockets, with the token in the address", async () => {
  const list = (await b.createList("live")).data;
  await b.addAccountsToList(list.id, [me.id]);
  const streams = {};
  const kept = {};
  try {
    for (const [name, open] of Object.entries({
      user: () => b.userStreaming(), all: () => b.publicStreaming(), local: () => b.localStreaming(),
      tag: () => b.tagStreaming("بث"), list: () => b.listStreaming(list.id),
    })) {
      streams[name] = await open();
      kept[name] = keep(streams[name]);
    }
    for (const name of Object.keys(kept)) await kept[name].heard("connect");
    const { data: said } = await a.postStatus(`@${you.acct} ${ARABIC} #بث`);
    const { data: plain } = await a.postStatus(ENGLISH);
    const { data: own } = await b.postStatus(ARABIC);
    for (const name of ["user", "all", "list"]) await kept[name].heard("update", ({ id }) => id === plain.id);
    await kept.tag.heard("update", ({ id }) => id === said.id);
    await kept.local.heard("update", ({ id }) => id === own.id);
    await kept.user.heard("notification", ({ type, status }) => type === "mention" && status.id === said.id);
    await a.editStatus(said.id, { status: `${ENGLISH} #بث` });
    await kept.user.heard("status_update", ({ id, content }) => id === said.id && content.includes(ENGLISH));
    await a.deleteStatus(said.id);
    await kept.user.heard("delete", (id) => id === said.id);
    holds(!kept.tag.came.some(([, what]) => what.id === plain.id), "a post without the tag");
    holds(!kept.local.came.some(([, what]) => what.id === plain.id), "of another node on the local stream");
  } finally {
    for (const stream of Object.values(streams)) {
      stream.removeAllListeners();
      stream.on("error", () => {});
      stream.stop();
    }
    await b.deleteList(list.id);
  }
});
await step("what a node of one's own has none of is empty", async () => {
  for (const none of [
    "getInstanceAnnouncements", "getConversationTimeline", "getFollowRequests", "getDomainBlocks", "getInstanceCustomEmojis",
    "getScheduledStatuses", "getInstanceTrends", "getEndorsements", "getFeaturedTags", "getFollowedTags", "getSuggestions",
  ]) {
    is((await b[none]()).data, [], none);
  }
});
await step("what is not there is said not to be", async () => {
  for (const asks of [
    () => b.getStatus("1"), () => b.getAccount("1"), () => b.getList("1"), () => b.getPoll("1"), () => b.getNotification("1"),
  ]) {
    await refused(asks, status(404));
  }
  await refused(() => b.postStatus(""), status(422));
});
await step("a token that was given back opens nothing", async () => {
  await b.stranger.revokeToken(b.app.client_id, b.app.client_secret, b.token);
  await refused(() => b.getHomeTimeline(), status(401));
});
end();
