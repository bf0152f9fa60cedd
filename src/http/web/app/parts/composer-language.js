// The language of a post: as it is guessed from its words, until another is chosen.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { keep } from "../core/kept.js";
import { languageName, t } from "../core/words.js";
import { openBoard } from "./composer-popover.js";
import { usualLanguage } from "./composer-state.js";
import { guessLanguage } from "./language-guess.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

/** Languages that many write in. What is missing is found by its tag. */
const COMMON = (
  "ar en fr es de pt it nl tr fa ur ckb ku he ru uk pl cs sk sl hr sr bs mk bg ro hu el sq sv da nb nn fi is et lv lt ga cy eu ca gl mt " +
  "hy ka az kk uz ky tg tk mn ug ps sd pa hi bn gu mr ne ta te kn ml si my th km lo vi id ms jv tl zh ja ko am ti so sw ha yo ig zu xh af rw ln mg ber eo la"
).split(" ");

/**
 * A button with the language on it, and what was guessed of a text.
 * @param {Writing} writing
 * @param {() => void} changed
 */
export function languageChoice(writing, changed) {
  /** @type {string | null} */
  let guessed = null;
  const words = el("bdi");
  const button = el("button", { type: "button", class: "chip", "aria-haspopup": "dialog", onclick: () => open() }, el("span", { class: "unseen" }, `${t("write.language")}: `), words);
  const current = () => writing.language ?? guessed ?? usualLanguage();
  const show = () => void put(words, languageName(current()));
  const choose = (/** @type {string | null} */ tag) => {
    writing.language = tag;
    show();
    changed();
  };
  const open = () => openList(button, { current: current(), guessed, isChosen: writing.language !== null }, choose);
  show();
  return {
    element: button,
    current,
    /** @param {string} text */
    guess(text) {
      const found = guessLanguage(text);
      if (found === guessed) return;
      guessed = found;
      show();
    },
    /** It is the usual one from now on. */
    used: () => keep("write.language", current()),
  };
}

/**
 * @param {HTMLElement} anchor
 * @param {{current: string, guessed: string | null, isChosen: boolean}} state
 * @param {(tag: string | null) => void} choose
 */
function openList(anchor, { current, guessed, isChosen }, choose) {
  const rows = [...new Set([current, usualLanguage(), ...navigator.languages.map((tag) => tag.split("-")[0]), ...COMMON])].map((tag) => {
    const [name, own] = [languageName(tag), ownName(tag)];
    return { tag, name, own, sought: `${tag} ${name} ${own}`.toLowerCase() };
  });
  const id = "languages";
  const list = el("div", { role: "listbox", id, class: "language-rows", "aria-label": t("write.language") });
  const input = el("input", { class: "input", type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": id, "aria-autocomplete": "list", "aria-label": t("write.language.search"), placeholder: t("write.language.search"), dir: "auto", autocomplete: "off", spellcheck: "false" });
  const made = el("div", { class: "menu language-menu", popover: "auto", role: "dialog", "aria-label": t("write.language") }, input, list);
  let active = 0;
  const take = (/** @type {string | null} */ tag) => {
    made.hidePopover();
    choose(tag);
  };
  const option = (/** @type {{tag: string, name: string, own: string}} */ { tag, name, own }) =>
    el("div", { role: "option", "aria-selected": "false", onclick: () => take(tag) }, el("bdi", { class: "grow" }, name), isChosen && tag === current ? icon("check", t("write.language.now")) : own !== name && el("bdi", { class: "soft small", lang: tag }, own));
  const mark = (/** @type {number} */ at) => {
    const all = [...list.children];
    active = (at + all.length) % (all.length || 1);
    all.forEach((row, index) => {
      row.id = `${id}-${index}`;
      row.setAttribute("aria-selected", String(index === active));
    });
    all[active]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${id}-${active}`);
  };
  const show = () => {
    const query = input.value.trim().toLowerCase();
    const found = rows.filter(({ sought }) => sought.includes(query));
    const typed = found.length === 0 && named(query);
    put(list, query === "" && guessed && el("div", { role: "option", onclick: () => take(null) }, el("span", { class: "grow" }, t("write.language.guessed")), el("bdi", { class: "soft small" }, languageName(guessed)), !isChosen && icon("check", t("write.language.now"))), found.map(option), typed && option(typed));
    mark(0);
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark(active + step);
    else if (event.key === "Enter") /** @type {HTMLElement | undefined} */ (list.children[active])?.click();
    else return;
    event.preventDefault();
  });
  show();
  openBoard(anchor, made);
  input.focus();
}

/** @param {string} tag */
function ownName(tag) {
  try {
    return new Intl.DisplayNames([tag], { type: "language", fallback: "none" }).of(tag) ?? "";
  } catch {
    return "";
  }
}

/**
 * A tag that was typed as it is, where it is one.
 * @param {string} query
 */
function named(query) {
  const name = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(query) ? languageName(query) : query;
  return name === query ? null : { tag: query, name, own: ownName(query) };
}
