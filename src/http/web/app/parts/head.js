// The top of a page: its name, a way back where one came from somewhere, and what can be done with all of it.

import { el } from "../core/dom.js";
import { back } from "../core/router.js";
import { t } from "../core/words.js";
import { icon } from "../core/icons.js";

/**
 * @param {string | Node} title
 * @param {{isInner?: boolean}} [options] An inner page has a way back.
 * @param {...import("../core/dom.js").Child} actions
 */
export function head(title, { isInner = false } = {}, ...actions) {
  return el(
    "header",
    { class: "page-head" },
    isInner && el("button", { class: "icon-button", onclick: back, "aria-label": t("nav.back") }, icon("back")),
    el("h1", { tabindex: -1 }, el("bdi", null, title)),
    actions,
  );
}
