// What can be done with a post, beneath it.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { brief, t } from "../core/words.js";
import { bookmark, like, react, repost } from "./doing.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {{element: HTMLElement, draw: () => void, acts: Record<string, () => void>}} Actions */

/**
 * @param {string} picture
 * @param {string} words
 * @param {(button: HTMLButtonElement) => void} action
 */
function act(picture, words, action) {
  const count = el("span", { class: "act-count" });
  const button = el(
    "button",
    { class: `act act-${picture}`, "aria-label": words, title: words, onclick: () => action(button) },
    icon(picture),
    count,
  );
  return { button, count };
}

/**
 * @param {{button: HTMLButtonElement, count: HTMLElement}} act
 * @param {string} words
 * @param {number} count
 * @param {boolean} [isOn]
 */
function say({ button, count: shown }, words, count, isOn) {
  put(shown, count > 0 && brief(count));
  button.setAttribute("aria-label", count > 0 ? `${words}, ${brief(count)}` : words);
  if (isOn !== undefined) button.setAttribute("aria-pressed", String(isOn));
}

/** @param {Status} status */
async function reply(status) {
  const { openComposer } = await import("./composer.js");
  openComposer({ replyTo: status });
}

/** @param {Status} status */
export async function quote(status) {
  const { openComposer } = await import("./composer.js");
  openComposer({ quote: status });
}

/**
 * @param {Status} status
 * @param {HTMLElement} anchor
 */
async function chooseEmoji(status, anchor) {
  const { openEmoji } = await import("./emoji.js");
  openEmoji(anchor, (/** @type {string} */ emoji) => void react(status, emoji));
}

/**
 * @param {Status} status
 * @param {HTMLElement} anchor
 */
async function openMenu(status, anchor) {
  const { openPostMenu } = await import("./post-menu.js");
  openPostMenu(status, anchor);
}

/**
 * @param {Status} status
 * @returns {Actions}
 */
export function actions(status) {
  const acts = {
    reply: () => void reply(status).catch(failed),
    repost: () => void repost(status),
    like: () => void like(status),
    bookmark: () => void bookmark(status),
    quote: () => void quote(status).catch(failed),
  };
  const replying = act("reply", t("post.reply"), acts.reply);
  const sharing = act("repost", t("post.repost"), acts.repost);
  const liking = act("heart", t("post.like"), acts.like);
  const reacting = act("smile", t("post.react"), (button) => void chooseEmoji(status, button).catch(failed));
  const marking = act("bookmark", t("post.bookmark"), acts.bookmark);
  const more = act("more", t("post.more"), (button) => void openMenu(status, button).catch(failed));
  more.button.setAttribute("aria-haspopup", "menu");
  const draw = () => {
    say(replying, t("post.reply"), status.replies_count);
    say(sharing, t("post.repost"), status.reblogs_count, status.reblogged);
    say(liking, t("post.like"), status.favourites_count, status.favourited);
    say(marking, t("post.bookmark"), 0, status.bookmarked);
  };
  draw();
  const all = [replying, sharing, liking, reacting, marking, more];
  return {
    element: el(
      "div",
      { class: "post-actions", role: "group", "aria-label": t("post.actions") },
      all.map(({ button }) => button),
    ),
    draw,
    acts,
  };
}
