// Where the caret of a field is, which no browser tells: the text before it is laid out once more, out of sight.

import { el } from "../core/dom.js";

const SAME = /** @type {const} */ ([
  "direction", "fontFamily", "fontSize", "fontStyle", "fontWeight", "fontVariant", "fontStretch", "letterSpacing", "lineHeight", "tabSize", "textAlign",
  "textIndent", "textTransform", "wordSpacing", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "borderTopWidth", "borderRightWidth",
  "borderBottomWidth", "borderLeftWidth", "overflowWrap", "unicodeBidi",
]);
/** Characters before the caret that are laid out. */
const ENOUGH = 4_000;

/**
 * @param {HTMLTextAreaElement} field
 * @param {number} at
 * @returns {DOMRect} Of the character there, in the window.
 */
export function caretIn(field, at) {
  const style = getComputedStyle(field);
  const mirror = el("div", { "aria-hidden": true, dir: "auto" });
  for (const name of SAME) mirror.style[name] = style[name];
  Object.assign(mirror.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", boxSizing: "border-box", borderStyle: "solid", top: "0", left: "0", width: `${field.offsetWidth}px` });
  const text = field.value;
  const mark = el("span", null, text.slice(at, at + 1).trim() || ".");
  mirror.append(text.slice(Math.max(0, at - ENOUGH), at), mark, text.slice(at + 1, at + 200));
  document.body.append(mirror);
  const [box, inside, whole] = [field.getBoundingClientRect(), mark.getBoundingClientRect(), mirror.getBoundingClientRect()];
  mirror.remove();
  const top = Math.min(box.bottom, Math.max(box.top, box.top + inside.top - whole.top - field.scrollTop));
  return new DOMRect(box.left + inside.left - whole.left, top, inside.width, inside.height);
}

/**
 * Puts a list under the line of the caret, or over it; not beside the field, nor beside the window.
 * @param {HTMLElement} list
 * @param {DOMRect} caret
 * @param {DOMRect} field
 */
export function placeAt(list, caret, field) {
  const [own, room] = [list.getBoundingClientRect(), 8];
  const isLeftward = document.documentElement.dir === "rtl";
  const wanted = isLeftward ? caret.right - own.width : caret.left;
  const left = Math.max(field.left, Math.min(wanted, field.right - own.width));
  const view = window.visualViewport ?? { height: innerHeight, width: innerWidth };
  const below = caret.bottom + 4;
  const top = below + own.height + room <= view.height ? below : Math.max(room, caret.top - own.height - 4);
  list.style.left = `${Math.max(room, Math.min(left, view.width - own.width - room))}px`;
  list.style.top = `${top}px`;
}
