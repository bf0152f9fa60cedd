// Names, tags and emoji are completed while they are typed: a list at the caret, gone through by the arrow keys.

import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { newId } from "./drafts-store.js";
import { caretIn, placeAt } from "./completion-place.js";
import { insert } from "./composer-text.js";

/** @typedef {{text: string, words: import("../core/dom.js").Child, label: string}} Choice What is put in, what is shown, what is said. */

/**
 * @typedef {object} Source
 * @property {RegExp} pattern What stands before the caret; its first group is what is looked for.
 * @property {boolean} isEager Whether Enter takes the first one, as it is hardly meant as a new line.
 * @property {(query: string, signal: AbortSignal) => Promise<Choice[]>} find
 */

/** Characters before the caret that are looked at, and milliseconds between typing and looking. */
const LOOKED_AT = 60;
const PAUSE = 90;

/**
 * @param {HTMLTextAreaElement} field
 * @param {Source[]} sources
 * @returns {HTMLElement} The list and what is said of it, to be put beside the field.
 */
export function completion(field, sources) {
  const id = `completion-${newId()}`;
  const list = el("ul", { class: "completion", popover: "manual", role: "listbox", id, "aria-label": t("write.proposals") });
  const said = el("span", { class: "unseen", role: "status" });
  /** @type {Choice[]} */
  let choices = [];
  let [active, start] = [-1, 0];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let looking = new AbortController();

  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);
  field.setAttribute("aria-haspopup", "listbox");

  const close = () => {
    clearTimeout(timer);
    looking.abort();
    choices = [];
    if (list.matches(":popover-open")) list.hidePopover();
    put(list);
    put(said);
    field.removeAttribute("aria-activedescendant");
  };

  const mark = (/** @type {number} */ at) => {
    active = at;
    [...list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    const row = list.children[at];
    row?.scrollIntoView({ block: "nearest" });
    if (row) field.setAttribute("aria-activedescendant", row.id);
    else field.removeAttribute("aria-activedescendant");
  };

  const take = (/** @type {number} */ at) => {
    const { text } = choices[at];
    const isSpaced = /^\s/.test(field.value.slice(field.selectionStart));
    const range = /** @type {[number, number]} */ ([start, field.selectionStart]);
    close();
    insert(field, isSpaced ? text : `${text} `, range);
    close();
  };

  const open = (/** @type {Choice[]} */ found, /** @type {boolean} */ isEager) => {
    choices = found;
    if (found.length === 0) return close();
    put(
      list,
      found.map((choice, at) =>
        // The field keeps the focus: it would lose its keyboard.
        el("li", { role: "option", id: `${id}-${at}`, "aria-label": choice.label, onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => take(at) }, choice.words),
      ),
    );
    if (!list.matches(":popover-open")) list.showPopover();
    placeAt(list, caretIn(field, start), field.getBoundingClientRect());
    mark(isEager ? 0 : -1);
    put(said, t("write.proposed", { n: found.length }));
  };

  const look = () => {
    clearTimeout(timer);
    const end = field.selectionStart;
    const before = field.value.slice(Math.max(0, end - LOOKED_AT), end);
    const source = end === field.selectionEnd && sources.find(({ pattern }) => pattern.test(before));
    const query = source && before.match(source.pattern)?.[1];
    if (!source || query === undefined || query === false) return close();
    start = end - query.length - 1;
    timer = setTimeout(async () => {
      looking.abort();
      const mine = (looking = new AbortController());
      const found = await source.find(query, mine.signal).catch(() => []);
      if (!mine.signal.aborted && field.matches(":focus")) open(found, source.isEager);
    }, PAUSE);
  };

  field.addEventListener("input", look);
  field.addEventListener("blur", close);
  field.addEventListener("scroll", close);
  field.addEventListener("click", () => choices.length > 0 && look());
  field.addEventListener(
    "keydown",
    (event) => {
      if (choices.length === 0 || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const isTaken = event.key === "Tab" ? !event.shiftKey : event.key === "Enter" && active >= 0;
      if (step) mark(active < 0 && step < 0 ? choices.length - 1 : (active + step + choices.length) % choices.length);
      else if (isTaken) take(Math.max(active, 0));
      else if (event.key === "Escape") close();
      else {
        if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
  return el("div", { class: "completion-place" }, list, said);
}
