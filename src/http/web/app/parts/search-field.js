// A field that looks for something while one types, and lets go of what was asked before.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";

/** Milliseconds without a letter after which it is asked. */
const PAUSE = 250;

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} [options.value]
 * @param {boolean} [options.isPage] The page is for searching.
 * @param {(text: string, signal: AbortSignal) => void | Promise<void>} options.onsearch Called with an empty text too.
 * @returns {HTMLFormElement & {box: HTMLInputElement, search: (text: string) => void}}
 */
export function searchField({ label, value = "", isPage = false, onsearch }) {
  let [timer, asking, last] = [/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined), new AbortController(), value.trim()];
  const box = el("input", {
    class: "input",
    type: "search",
    name: "q",
    dir: "auto",
    ".value": value,
    "aria-label": label,
    placeholder: label,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    enterkeyhint: "search",
  });
  const clear = el(
    "button",
    { type: "button", class: "icon-button", "aria-label": t("search.clear"), hidden: !value, onclick: () => (set(""), box.focus()) },
    icon("close"),
  );
  const now = (/** @type {boolean} */ isWanted) => {
    clearTimeout(timer);
    const text = box.value.trim();
    clear.hidden = box.value === "";
    if (text === last && !isWanted) return;
    last = text;
    asking.abort();
    asking = new AbortController();
    Promise.resolve(onsearch(text, asking.signal)).catch(failed);
  };
  const set = (/** @type {string} */ text) => {
    box.value = text;
    now(true);
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    clear.hidden = box.value === "";
    timer = setTimeout(() => now(false), box.value === "" ? 0 : PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || box.value === "") return;
    event.preventDefault();
    set("");
  });
  const form = el(
    "form",
    {
      class: "search-field",
      role: isPage ? "search" : null,
      onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), now(true)),
    },
    icon("search"),
    box,
    clear,
  );
  return Object.assign(form, { box, search: set });
}
