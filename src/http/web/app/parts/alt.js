// The words that say what a picture shows, at a button; and to whoever posted it, that there are none.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { place } from "./menu.js";

/**
 * @param {string | null} words
 * @param {boolean} isOwn
 */
export function altButton(words, isOwn) {
  if (!words) return isOwn && el("span", { class: "media-mark none" }, t("media.no_alt"));
  const button = el(
    "button",
    {
      class: "media-mark alt",
      "aria-label": `${t("media.alt_mark")}: ${t("media.alt")}`,
      "aria-haspopup": "dialog",
      onclick: () => open(button, words),
    },
    t("media.alt_mark"),
  );
  return button;
}

/**
 * @param {HTMLElement} anchor
 * @param {string} words
 */
function open(anchor, words) {
  const made = el(
    "div",
    { class: "menu alt-words", popover: "auto", role: "dialog", "aria-label": t("media.alt"), tabindex: -1 },
    el("p", { dir: "auto" }, words),
  );
  made.addEventListener("toggle", (event) => /** @type {ToggleEvent} */ (event).newState === "closed" && made.remove());
  // Within the same sheet, if it is in one: what is beside that cannot be reached.
  (anchor.closest("dialog") ?? document.body).append(made);
  made.showPopover();
  place(made, anchor);
  // It is about the picture, which goes on from the button.
  const [at, own] = [anchor.getBoundingClientRect(), made.getBoundingClientRect()];
  const start = getComputedStyle(anchor).direction === "ltr" ? at.left : at.right - own.width;
  made.style.left = `${Math.max(8, Math.min(start, innerWidth - own.width - 8))}px`;
  made.focus();
}
