// What was looked for here lately. Only this browser knows it.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { keep, kept } from "../core/kept.js";
import { say } from "../core/say.js";
import { t } from "../core/words.js";

const NAME = "searches";
const MOST = 8;

/** @returns {string[]} */
function recent() {
  return kept(NAME) ?? [];
}

/** @param {string} text */
export function remember(text) {
  if (text) keep(NAME, [text, ...recent().filter((other) => other !== text)].slice(0, MOST));
}

/**
 * @param {(text: string) => void} search
 * @returns {{element: HTMLElement, draw: () => void}}
 */
export function recentSearches(search) {
  const element = el("section", { class: "stack" });
  const keepOnly = (/** @type {string[]} */ texts) => (keep(NAME, texts.length > 0 ? texts : null), draw());
  const clear = () => {
    const before = recent();
    keepOnly([]);
    say(t("search.recent.cleared"), { action: t("action.undo"), onaction: () => keepOnly(before) });
  };
  const one = (/** @type {string} */ text) =>
    el(
      "li",
      { class: "recent" },
      el("button", { class: "plain-button grow", onclick: () => search(text) }, icon("clock"), el("bdi", { class: "cut" }, text)),
      el(
        "button",
        {
          class: "icon-button",
          "aria-label": t("search.recent.forget", { text }),
          onclick: () => keepOnly(recent().filter((other) => other !== text)),
        },
        icon("close"),
      ),
    );
  const draw = () => {
    const texts = recent();
    put(
      element,
      texts.length > 0 && [
        el(
          "div",
          { class: "row" },
          el("h2", { class: "grow" }, t("search.recent")),
          el("button", { class: "link", onclick: clear }, t("search.recent.clear")),
        ),
        el("ul", null, texts.map(one)),
      ],
    );
  };
  draw();
  return { element, draw };
}
