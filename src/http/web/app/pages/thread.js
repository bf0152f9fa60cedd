// A conversation: what a post answers, the post itself, and what answers it.

import { Refused, get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { follow, on } from "../core/live.js";
import { failed } from "../core/say.js";
import { t, tt } from "../core/words.js";
import { trouble } from "../parts/feed-end.js";
import { keepPlace } from "../parts/feed-window.js";
import { head } from "../parts/head.js";
import { nameOf, plainName } from "../parts/name.js";
import { post } from "../parts/post.js";
import { changed } from "../parts/shown.js";
import { awaitedAbove, missing, takenBack } from "../parts/thread-missing.js";
import { ThreadTree } from "../parts/thread-tree.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {{ancestors: Status[], descendants: Status[]}} Context */

/**
 * The post that an address names, by its number here or by its entry id.
 * @param {Record<string, string>} parts
 * @returns {Promise<Status>}
 */
async function read({ number, entry }) {
  if (number) return get(`/api/v1/statuses/${encodeURIComponent(number)}`).then((found) => found.reblog ?? found);
  const { statuses } = await get("/api/v2/search", { q: `${location.origin}/posts/${entry}`, type: "statuses", resolve: true });
  if (statuses.length === 0) throw new Refused(404, "no such post");
  return statuses[0];
}

/**
 * @param {import("../core/types.js").Place} place
 * @returns {Promise<import("../core/types.js").Page>}
 */
export default async function thread({ parts }) {
  const status = await read(parts);
  const large = post(status, { isLarge: true, hidesReply: true });
  large.dataset.item = status.id;
  const { reply_to: target } = status.majlis;
  const above = el("div", { class: "thread-above" }, target && awaitedAbove(target));
  const tree = new ThreadTree(status.majlis.id);
  const state = el("div", { class: "thread-state" });
  const below = el(
    "section",
    { class: "thread-below", "aria-label": t("thread.replies") },
    replyButton(status),
    tree.element,
    tree.more,
    state,
  );
  const element = el(
    "div",
    { class: "thread" },
    head(t("thread.title"), { isInner: true }),
    el("div", { class: "thread-posts" }, above, large, below),
  );
  const change = (/** @type {() => void} */ act) => keepPlace(element, act);

  const readContext = async () => {
    try {
      const found = /** @type {Context} */ (await get(`/api/v1/statuses/${status.id}/context`));
      change(() => showContext(found));
    } catch (error) {
      put(
        state,
        trouble(error, () => void readContext()),
      );
    }
  };
  const showContext = (/** @type {Context} */ { ancestors, descendants }) => {
    const known = [...above.querySelectorAll("article")].map(({ dataset }) => dataset.item).join();
    if (known !== ancestors.map(({ id }) => id).join() || known === "") put(above, ancestorsOf(status, ancestors));
    element.classList.toggle("has-above", above.childElementCount > 0);
    for (const one of [...ancestors, ...descendants]) changed(one.id, one);
    tree.add(descendants);
    put(state, stateOf(tree, [...ancestors, status]));
  };
  const arrive = (/** @type {Status} */ one) => {
    if (one.reblog || !one.majlis.reply_to || !tree.has(one.majlis.reply_to.id)) return;
    change(() => tree.arrive(one));
    put(state, stateOf(tree, []));
  };

  element.addEventListener("gone", (event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (event.target).replaceWith(takenBack());
  });
  /** @type {(() => void)[]} */
  let ends = [];
  const shown = () => {
    void readContext();
    // Of those who answer, the owner need not follow all.
    ends = [on({ update: ({ data }) => arrive(data), resumed: () => void readContext() }), follow("public"), rereads(readContext)];
  };
  return { element, title: t("thread.of", { name: plainName(status.account) }), shown, hidden: () => ends.forEach((end) => end()) };
}

/** @param {() => Promise<void>} read */
function rereads(read) {
  const listener = () => void read();
  document.addEventListener("reread", listener);
  return () => document.removeEventListener("reread", listener);
}

/**
 * @param {Status} status
 * @param {Status[]} ancestors The first post first.
 */
function ancestorsOf(status, ancestors) {
  const { reply_to: target } = (ancestors[0] ?? status).majlis;
  const shown = ancestors.map((one) => {
    const made = post(one, { hidesReply: true });
    made.dataset.item = one.id;
    made.classList.add("ancestor");
    return made;
  });
  return [target && missing(target), ...shown];
}

/**
 * What can be said of what is not here.
 * @param {ThreadTree} tree
 * @param {Status[]} upward
 */
function stateOf(tree, upward) {
  const left = upward.map(({ majlis }) => majlis.missing_replies).find((count) => count !== null) ?? 0;
  if (left > 0) return el("p", { class: "thread-missing soft" }, icon("clock"), el("span", null, t("thread.left", { n: left })));
  return tree.count === 0 && el("p", { class: "thread-quiet soft small" }, t("thread.none"));
}

/** @param {Status} status */
function replyButton(status) {
  const write = async () => {
    const { openComposer } = await import("../parts/composer.js");
    openComposer({ replyTo: status });
  };
  const words = status.account.majlis.own ? t("thread.go_on") : tt("thread.reply", { name: nameOf(status.account) });
  return el("button", { class: "thread-reply", onclick: () => void write().catch(failed) }, icon("reply"), el("span", null, words));
}
