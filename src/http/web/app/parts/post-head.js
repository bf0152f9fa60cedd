// The top of a post: whose it is, when it was said, and why it is shown here.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { session } from "../core/session.js";
import { t, tt } from "../core/words.js";
import { nameOf, shortKey } from "./name.js";
import { postPath } from "./paths.js";
import { timeOf } from "./time.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("./post.js").Options} Options */

/**
 * Who shares it, or what it answers.
 * @param {Status} shown
 * @param {Options} options
 */
export function postWhy(shown, { hidesReply }) {
  if (shown.reblog) {
    const isOwn = shown.account.id === session.me?.id;
    const who = el("a", { href: `/@${shown.account.acct}` }, nameOf(shown.account));
    return why("repost", isOwn ? t("post.shared_own") : tt("post.shared", { name: who }));
  }
  const { reply_to: target } = shown.majlis;
  return target && !hidesReply ? why("reply", answered(shown, target)) : null;
}

/**
 * @param {Status} status
 * @param {NonNullable<import("../core/types.js").StatusExtra["reply_to"]>} target
 */
function answered(status, target) {
  const key = target.account.replace(/^did:key:/, "");
  const href = status.in_reply_to_id ? `/@${key}/${status.in_reply_to_id}` : `/posts/${target.id}`;
  if (target.account === status.majlis.account) return el("a", { href }, t("post.continues"));
  const isOwn = key === session.me?.acct;
  return el("a", { href }, isOwn ? t("post.answers_you") : tt("post.answers", { name: el("bdi", null, target.name || shortKey(key)) }));
}

/**
 * @param {string} picture
 * @param {import("../core/dom.js").Child} words
 */
function why(picture, words) {
  return el("div", { class: "post-why" }, icon(picture), el("span", null, words));
}

/**
 * @param {Status} status
 * @param {{name: string, time: string}} ids
 * @param {Options} [options]
 */
export function postHead(status, ids, { isLarge } = {}) {
  const { account } = status;
  const time = el("a", { id: ids.time, class: "post-time", href: postPath(status) }, timeOf(status.created_at));
  return el(
    "header",
    { class: "post-head" },
    el("a", { id: ids.name, class: "post-name", href: `/@${account.acct}` }, nameOf(account)),
    account.bot && el("span", { class: "chip" }, t("post.bot")),
    el(
      "span",
      { class: "post-marks" },
      status.pinned && icon("pin", t("post.pinned")),
      status.visibility === "unlisted" && icon("eye", t("post.unlisted")),
      status.edited_at && edited(status),
      !isLarge && time,
    ),
  );
}

/** @param {Status} status */
function edited(status) {
  const show = async () => {
    const { openHistory } = await import("./history.js");
    openHistory(status);
  };
  return el("button", { class: "post-edited", title: t("post.edited_how"), onclick: () => void show().catch(failed) }, t("post.edited"));
}
