// A menu under a button.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";

/**
 * @typedef {object} Item
 * @property {string} words
 * @property {string} [icon]
 * @property {() => void} [action]
 * @property {string} [href]
 * @property {boolean} [isWrong] It takes something away.
 */

/**
 * Opens a menu beside an element. Arrow keys go through it, Escape closes it and goes back to the element.
 * @param {HTMLElement} anchor
 * @param {(Item | null)[]} items A null is a line between.
 */
export function menu(anchor, items) {
  const close = () => made.isConnected && made.hidePopover();
  const made = el(
    "div",
    { class: "menu", popover: "auto", role: "menu" },
    items.map((item) =>
      item === null
        ? el("hr", { role: "separator" })
        : el(
            item.href ? "a" : "button",
            {
              role: "menuitem",
              class: item.isWrong ? "wrong" : null,
              href: item.href,
              onclick: () => (close(), item.action?.()),
            },
            item.icon && icon(item.icon),
            el("span", { dir: "auto" }, item.words),
          ),
    ),
  );
  const entries = /** @type {HTMLElement[]} */ ([...made.querySelectorAll("[role=menuitem]")]);
  made.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    entries[(at + step + entries.length) % entries.length]?.focus();
  });
  made.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") {
      anchor.setAttribute("aria-expanded", "false");
      made.remove();
    }
  });
  // What is beside an open sheet cannot be reached.
  (anchor.closest("dialog, main") ?? document.body).append(made);
  made.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(made, anchor);
  entries[0]?.focus();
}

/**
 * Puts it where it is seen whole: below or above, in line with the end of the element.
 * @param {HTMLElement} made
 * @param {HTMLElement} anchor
 */
export function place(made, anchor) {
  const [at, own, room] = [anchor.getBoundingClientRect(), made.getBoundingClientRect(), 8];
  const isRight = getComputedStyle(anchor).direction === "ltr";
  const left = isRight ? at.right - own.width : at.left;
  const below = at.bottom + 4;
  const top = below + own.height + room <= innerHeight ? below : Math.max(room, at.top - own.height - 4);
  made.style.left = `${Math.max(room, Math.min(left, innerWidth - own.width - room))}px`;
  made.style.top = `${top}px`;
}
