// One thing that concerns the owner: who did what, and to which post.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { onKey } from "../core/keys.js";
import { t, tt } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { avatar } from "./avatar.js";
import { nameOf } from "./name.js";
import { emojiOf, peopleOf } from "./notice-groups.js";
import { post } from "./post.js";
import { plainText } from "./text.js";
import { timeOf } from "./time.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("./notice-groups.js").Group} Group */

/** @type {Record<Group["kind"], Parameters<typeof icon>[0]>} */
const ICONS = {
  mention: "at",
  reply: "reply",
  reaction: "heart",
  repost: "repost",
  quote: "quote",
  follow: "person",
  poll: "poll",
  request: "door",
};
/** Kinds that are told by showing the post itself. */
const SAID = new Set(["mention", "reply", "quote"]);
const HEART = "♥";
/** Pictures in a row; people that are shown unfolded; characters of a post. */
const FACES = 7;
const SHOWN = 3;
const EXCERPT = 240;

let count = 0;

/**
 * @param {Group} group
 * @param {(group: Group) => void} dismiss
 */
export function notification(group, dismiss) {
  const isUnread = group.all.some(({ majlis }) => majlis.unread);
  const id = `notice-${(count += 1)}`;
  const [{ status, created_at: when }] = group.all;
  const isPost = SAID.has(group.kind) && status !== null;
  const said = el(
    "p",
    { class: "notice-words grow", id },
    isUnread && el("span", { class: "unread-dot", role: "img", "aria-label": t("notices.unread") }),
    el("span", null, sentence(group)),
    !isPost && [" ", el("span", { class: "soft small" }, timeOf(when))],
  );
  const away = el(
    "button",
    { class: "icon-button dismiss", "aria-label": t("notices.dismiss"), title: t("notices.dismiss"), onclick: () => dismiss(group) },
    icon("close"),
  );
  const picture = el("span", { class: "notice-icon" }, icon(ICONS[group.kind]));
  const notice = el("article", {
    class: `notice of-${group.kind} ${isPost ? "of-post" : ""} ${isUnread ? "unread" : ""}`,
    "aria-labelledby": id,
    tabindex: isPost ? null : 0,
  });
  // A post is gone to by itself.
  if (isPost) return put(notice, el("div", { class: "notice-top" }, picture, said, away), post(status));
  const top =
    group.kind === "poll" ? el("div", { class: "notice-top" }, said, away) : [el("div", { class: "notice-top" }, faces(group), away), said];
  put(notice, picture, el("div", { class: "notice-body" }, top, about(group)));
  onKey(notice, "open", () =>
    /** @type {HTMLElement | null} */ (notice.querySelector(".notice-excerpt, .notice-body a.button, .notice-words a"))?.click(),
  );
  return notice;
}

/** @param {Group} group */
function faces(group) {
  const people = peopleOf(group);
  const emoji = emojiOf(group).filter((one) => one !== HEART);
  return el(
    "div",
    { class: "faces grow" },
    people.slice(0, FACES).map((one) => avatar(one, { size: "little" })),
    emoji.map((one) => el("span", { class: "notice-emoji" }, one)),
  );
}

/** @param {Group} group */
function sentence(group) {
  const { kind, all } = group;
  const [{ status, account }] = all;
  const who = names(peopleOf(group));
  if (kind === "poll") return t((status?.account.majlis.own ?? account.majlis.own) ? "notices.poll.own" : "notices.poll");
  if (kind === "reaction" && emojiOf(group).some((emoji) => emoji !== HEART)) return tt("notices.reaction.emoji", { who });
  return tt(`notices.${kind}`, { who });
}

/**
 * Those who did it, as words.
 * @param {Account[]} people
 */
function names(people) {
  const [first, second] = people.map((one) => el("a", { class: "plain", href: `/@${one.acct}` }, nameOf(one)));
  if (people.length === 1) return first;
  if (people.length === 2) return tt("notices.two", { first, second });
  return tt("notices.many", { first, second, n: people.length - 2 });
}

/** @param {Group} group */
function about(group) {
  const { kind, all } = group;
  const [{ status }] = all;
  if (kind === "follow") return followers(peopleOf(group));
  if (kind === "request") return el("a", { class: "button little", href: "/requests" }, t("notices.request.see"));
  return status && excerpt(status);
}

/**
 * The beginning of a post that is known to the owner.
 * @param {Status} status
 */
function excerpt(status) {
  const shown = status.reblog ?? status;
  const words = plainText(shown.majlis.parts).slice(0, EXCERPT).trim();
  const files = shown.media_attachments.length;
  return el(
    "a",
    { class: "notice-excerpt", href: `/@${shown.account.acct}/${shown.id}` },
    words && el("span", { dir: "auto", class: "words" }, words),
    files > 0 && el("span", { class: "soft" }, icon("picture"), t("notices.files", { n: files })),
    shown.poll && el("span", { class: "soft" }, icon("poll"), t("notices.with.poll")),
  );
}

/** @param {Account[]} people */
function followers(people) {
  const row = (/** @type {Account} */ one) => el("li", null, accountRow(one));
  const [shown, others] = [people.slice(0, SHOWN), people.slice(SHOWN)];
  return el(
    "div",
    { class: "notice-people" },
    el("ul", null, shown.map(row)),
    others.length > 0 &&
      el(
        "details",
        null,
        el("summary", { class: "soft small" }, t("notices.follow.more", { n: others.length })),
        el("ul", null, others.map(row)),
      ),
  );
}
