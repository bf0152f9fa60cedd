// Emoji in rows, gone through by the arrow keys. A group is made when it comes near, so that the board opens at once.

import { el, put } from "../core/dom.js";

/** @typedef {import("./emoji-data.js").Emoji} Emoji */
/** @typedef {{title: string, emoji: Emoji[]}} Section */

/** Emoji in a row. */
const ROW = 8;
/** Pixels before a group comes into view at which it is made. */
const AHEAD = 300;

/**
 * @param {HTMLElement} body What scrolls.
 * @param {(character: string) => void} choose
 */
export function emojiGrid(body, choose) {
  /** @type {Map<Element, Section>} */
  let waiting = new Map();
  const fill = (/** @type {Element} */ cells) => {
    const section = waiting.get(cells);
    if (!section) return;
    waiting.delete(cells);
    watcher.unobserve(cells);
    put(cells, section.emoji.map(([character, name]) => el("button", { type: "button", title: name, "aria-label": name, tabindex: -1, "data-emoji": character }, character)));
  };
  const watcher = new IntersectionObserver((seen) => seen.forEach(({ isIntersecting, target }) => isIntersecting && fill(target)), { root: body, rootMargin: `${AHEAD}px` });

  const buttons = () => /** @type {HTMLElement[]} */ ([...body.querySelectorAll("[data-emoji]")]);
  const focus = (/** @type {HTMLElement | undefined} */ button) => {
    if (!button) return;
    body.querySelector('[data-emoji][tabindex="0"]')?.setAttribute("tabindex", "-1");
    button.tabIndex = 0;
    button.focus();
  };

  body.addEventListener("click", (event) => {
    const chosen = /** @type {Element} */ (event.target).closest("[data-emoji]");
    if (chosen) choose(chosen.getAttribute("data-emoji") ?? "");
  });
  body.addEventListener("keydown", (event) => {
    const from = document.activeElement;
    if (!(from instanceof HTMLElement) || !from.dataset.emoji) return;
    const to = next(buttons(), from, event.key);
    if (!to) return;
    event.preventDefault();
    // What lies beyond has to be there to be gone to.
    for (const cells of [...waiting.keys()].slice(0, 1)) if (buttons().at(-1) === to) fill(cells);
    focus(to);
  });

  return {
    /** @param {Section[]} sections */
    show(sections) {
      watcher.disconnect();
      waiting = new Map();
      put(
        body,
        sections.map((section) => {
          const cells = el("div", { class: "emoji-cells", role: "group", "aria-label": section.title });
          cells.style.setProperty("--rows", String(Math.ceil(section.emoji.length / ROW)));
          waiting.set(cells, section);
          return el("section", null, el("h3", { "aria-hidden": true }, section.title), cells);
        }),
      );
      body.scrollTop = 0;
      const [first, ...others] = [...waiting.keys()];
      if (first) fill(first);
      others.forEach((cells) => watcher.observe(cells));
      const [one] = buttons();
      if (one) one.tabIndex = 0;
    },
    /** @param {number} at */
    goTo(at) {
      const section = body.querySelectorAll("section")[at];
      const cells = section?.querySelector(".emoji-cells");
      if (!section || !cells) return;
      fill(cells);
      section.scrollIntoView({ block: "start" });
      focus(/** @type {HTMLElement} */ (cells.firstElementChild));
    },
    enter: () => focus(buttons()[0]),
    takeFirst: () => buttons()[0]?.click(),
  };
}

/**
 * The one to which a key leads, by where they are seen.
 * @param {HTMLElement[]} all
 * @param {HTMLElement} from
 * @param {string} key
 */
function next(all, from, key) {
  const at = all.indexOf(from);
  const isLeftward = getComputedStyle(from).direction === "rtl";
  const side = { ArrowRight: isLeftward ? -1 : 1, ArrowLeft: isLeftward ? 1 : -1 }[key];
  if (side) return all[at + side];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const here = from.getBoundingClientRect();
  const beyond = key === "ArrowDown" ? all.slice(at + 1, at + 4 * ROW) : all.slice(Math.max(0, at - 4 * ROW), at).reverse();
  const row = beyond.find((one) => Math.abs(one.getBoundingClientRect().top - here.top) > 4);
  if (!row) return undefined;
  const top = row.getBoundingClientRect().top;
  const distance = (/** @type {HTMLElement} */ one) => Math.abs(one.getBoundingClientRect().left - here.left);
  return beyond.filter((one) => Math.abs(one.getBoundingClientRect().top - top) < 4).reduce((best, one) => (distance(one) < distance(best) ? one : best), row);
}
