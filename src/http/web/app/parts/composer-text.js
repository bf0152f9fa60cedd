// The field in which one writes: it grows with the text, each paragraph from its own side.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";

const GROWS = CSS.supports("field-sizing", "content");

/**
 * @param {object} options
 * @param {string} options.value
 * @param {string} options.placeholder
 * @param {(text: string) => void} options.onchange
 */
export function textField({ value, placeholder, onchange }) {
  const field = el("textarea", {
    class: "writing-text",
    ".value": value,
    rows: 3,
    dir: "auto",
    placeholder,
    "aria-label": t("write.text"),
    autofocus: true,
    autocapitalize: "sentences",
    enterkeyhint: "enter",
    oninput: () => (settle(), onchange(field.value)),
  });
  const settle = () => {
    if (GROWS) return;
    field.style.blockSize = "auto";
    field.style.blockSize = `${field.scrollHeight}px`;
  };
  settle();
  requestAnimationFrame(settle);
  return field;
}

/**
 * Writes at the place of the caret, or over what is chosen, so that it can be undone as what was typed.
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 * @param {[number, number]} [range]
 */
export function insert(field, text, range) {
  field.focus();
  if (range) field.setSelectionRange(...range);
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
