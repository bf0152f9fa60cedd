// Reading with the keyboard: from post to post, and what is done with the one that has the focus.

import { calm } from "./glide.js";
import { shownAt } from "./shown.js";

/** Acts that a post's own buttons do. */
const PRESSED = /** @type {Record<string, string>} */ ({ unfold: ".unfold", view: ".media-open" });
const ACTS = ["open", "reply", "like", "repost", "quote", "bookmark", "profile"];
/** What lies over the top of the page. */
const HEAD = 64;
/** The part of the window within which a post is looked for that is being read. */
const READ = 0.6;

let isStarted = false;

/** Starts listening, once for all posts. */
export function startPostKeys() {
  if (isStarted) return;
  isStarted = true;
  on("next", () => step(1));
  on("previous", () => step(-1));
  for (const name of ACTS) {
    on(name, (target) => {
      const act = shownAt(target)?.acts[name];
      act?.();
      return Boolean(act);
    });
  }
  for (const [name, selector] of Object.entries(PRESSED)) {
    on(name, (target) => {
      const button = /** @type {HTMLElement | null | undefined} */ (shownAt(target)?.article.querySelector(selector));
      button?.click();
      return Boolean(button);
    });
  }
}

/**
 * @param {string} name
 * @param {(target: EventTarget | null) => boolean} action Returns whether it was its to do.
 */
function on(name, action) {
  document.addEventListener(`key:${name}`, (event) => {
    if (!event.defaultPrevented && action(event.target)) event.preventDefault();
  });
}

/** @param {1 | -1} way */
function step(way) {
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main article[tabindex]")]).filter(
    (one) => one.offsetParent !== null,
  );
  const from = all.findIndex((one) => one === document.activeElement || one.contains(document.activeElement));
  const next = from < 0 ? firstRead(all) : all[from + way];
  if (next) visit(next);
  else scrollBy({ top: way * innerHeight * READ, behavior: calm() });
  return all.length > 0;
}

/** @param {HTMLElement[]} all */
function firstRead(all) {
  return all.find((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return bottom > HEAD && (top >= HEAD / 2 || bottom > innerHeight * READ);
  });
}

/**
 * It has the focus, and is seen whole or from its top.
 * @param {HTMLElement} article
 */
function visit(article) {
  article.focus({ preventScroll: true });
  const { top, bottom } = article.getBoundingClientRect();
  if (top < HEAD || bottom > innerHeight) scrollBy({ top: top - HEAD, behavior: calm() });
}
