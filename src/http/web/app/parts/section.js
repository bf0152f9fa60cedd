// A part of a page with a name of its own.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";

let count = 0;

/**
 * @param {Parameters<typeof icon>[0]} picture
 * @param {string} title
 * @param {...import("../core/dom.js").Child} children
 */
export function section(picture, title, ...children) {
  const id = `section-${(count += 1)}`;
  return el("section", { class: "card section", "aria-labelledby": id }, el("h2", { id }, icon(picture), title), children);
}
