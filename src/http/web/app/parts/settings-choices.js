// Controls of the settings: a switch, one of few, one of many. Each changes at once.

import { el } from "../core/dom.js";

let count = 0;

/**
 * @param {string} label
 * @param {string | null} words
 * @param {boolean} value
 * @param {(value: boolean) => void} onchange
 */
export function toggle(label, words, value, onchange) {
  const id = `setting-${(count += 1)}`;
  const box = el("input", { type: "checkbox", role: "switch", class: "switch", checked: value, "aria-describedby": words ? id : null, onchange: () => onchange(box.checked) });
  return el("label", { class: "setting" }, el("span", { class: "grow" }, el("span", { class: "setting-name" }, label), words && el("span", { class: "soft small", id }, words)), box);
}

/**
 * @param {string} label
 * @param {[string, string][]} options Values and words.
 * @param {string} value
 * @param {(value: string) => void} onchange
 */
export function oneOf(label, options, value, onchange) {
  const name = `setting-${(count += 1)}`;
  return el(
    "div",
    { class: "setting", role: "radiogroup", "aria-labelledby": name, onchange: (/** @type {Event} */ event) => onchange(/** @type {HTMLInputElement} */ (event.target).value) },
    el("span", { class: "grow setting-name", id: name }, label),
    el("div", { class: "segments" }, options.map(([option, words]) => el("label", null, el("input", { type: "radio", name, value: option, checked: option === value }), el("span", null, words)))),
  );
}

/**
 * @param {string} label
 * @param {string | null} words
 * @param {HTMLElement} control
 */
export function setting(label, words, control) {
  const id = `setting-${(count += 1)}`;
  control.id ||= id;
  return el("div", { class: "setting" }, el("span", { class: "grow" }, el("label", { class: "setting-name", for: control.id }, label), words && el("span", { class: "soft small" }, words)), control);
}
