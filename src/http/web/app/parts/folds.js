// What is folded until one wants to see it: what a filter has found, what has a warning, what is very long.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { isUnfolded, unfold } from "./unfolded.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("../core/dom.js").Child} Child */

/**
 * What stands in place of a post that a filter has found.
 * @param {Status} status
 * @param {() => void} draw
 */
export function filterFold(status, draw) {
  const titles = status.filtered.map(({ filter }) => filter.title);
  const what = `filter ${status.id}`;
  if (titles.length === 0 || isUnfolded(what)) return null;
  const show = () => {
    unfold(what);
    draw();
  };
  return el(
    "div",
    { class: "post-filtered" },
    icon("eye"),
    el("span", { class: "grow" }, t("post.filtered"), " ", el("bdi", null, titles.join(", "))),
    el("button", { class: "button little unfold", onclick: show }, t("post.show")),
  );
}

/**
 * The warning, and beneath it what it warns of.
 * @param {Status} status
 * @param {() => Child} body
 */
export function warningFold(status, body) {
  if (!status.spoiler_text) return body();
  const what = `warning ${status.id}`;
  const within = el("div", { class: "post-warned" });
  const button = el("button", { class: "button little unfold" });
  const draw = () => {
    const isOpen = isUnfolded(what);
    button.setAttribute("aria-expanded", String(isOpen));
    put(button, t(isOpen ? "post.hide" : "post.show"));
    within.hidden = !isOpen;
    put(within, isOpen && body());
  };
  button.addEventListener("click", () => {
    unfold(what, !isUnfolded(what));
    draw();
  });
  draw();
  return [
    el("div", { class: "post-warning" }, icon("warning"), el("p", { class: "grow", dir: "auto" }, status.spoiler_text), button),
    within,
  ];
}

/**
 * A text of which only the beginning is shown.
 * @param {string} what
 * @param {HTMLElement} text
 * @param {() => Child} whole
 */
export function lengthFold(what, text, whole) {
  if (isUnfolded(what)) {
    put(text, whole());
    return [text];
  }
  text.classList.add("cut");
  const button = el("button", { class: "link unfold post-whole" }, t("post.whole"));
  button.addEventListener("click", () => {
    unfold(what);
    text.classList.remove("cut");
    put(text, whole());
    button.remove();
    /** @type {HTMLElement | null} */ (text.closest("article"))?.focus({ preventScroll: true });
  });
  return [text, button];
}
