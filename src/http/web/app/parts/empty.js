// What stands where there is nothing yet: what would be here, and what to do for it.

import { el } from "../core/dom.js";
import { star } from "./star.js";

/**
 * @param {string} title
 * @param {string} [words]
 * @param {...import("../core/dom.js").Child} actions
 */
export function empty(title, words, ...actions) {
  return el("div", { class: "empty" }, star(), el("h2", null, title), words && el("p", { class: "soft" }, words), actions.length > 0 && el("div", { class: "row" }, actions));
}
