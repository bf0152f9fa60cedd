// Emoji that people have put on a post, beside the heart; each can be pressed to put it there too.

import { el, put } from "../core/dom.js";
import { brief, t } from "../core/words.js";
import { react } from "./doing.js";

/** @typedef {import("../core/types.js").Status} Status */

/** Emoji that are shown. */
const MOST = 12;

/** @param {Status} status */
function chips(status) {
  const { reactions, my_reactions: mine } = status.majlis;
  return Object.entries(reactions)
    .filter(([emoji]) => emoji !== "♥")
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST)
    .map(([emoji, count]) => {
      const isOwn = mine.includes(emoji);
      const words = t("post.reacted", { emoji, n: count });
      return el(
        "button",
        {
          class: isOwn ? "chip reaction on" : "chip reaction",
          "aria-pressed": String(isOwn),
          "data-emoji": emoji,
          onclick: () => void react(status, emoji),
        },
        el("span", { "aria-hidden": true }, emoji),
        el("span", { "aria-hidden": true }, brief(count)),
        el("span", { class: "unseen" }, words),
      );
    });
}

/**
 * @param {Status} status
 * @returns {{element: HTMLElement, draw: () => void}}
 */
export function reactions(status) {
  const element = el("div", { class: "reactions" });
  const draw = () => {
    const focused = element.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.emoji : null;
    put(element, chips(status));
    if (focused) /** @type {HTMLElement | null} */ (element.querySelector(`[data-emoji="${CSS.escape(focused)}"]`))?.focus();
  };
  draw();
  return { element, draw };
}
