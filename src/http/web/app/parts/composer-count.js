// How much of a text still fits, said only when that matters. The node counts bytes, people letters.

import { el, put } from "../core/dom.js";
import { number, t } from "../core/words.js";

/** Bytes of a post's text: `MAX_TEXT` of the protocol. */
const MOST = 50_000;
/** From this part of it on it is said. */
const NEAR = 0.9;

/**
 * Letters that still fit, if they go on as they were; below zero where there are too many.
 * @param {string} text As it is sent.
 */
function roomIn(text) {
  const bytes = new TextEncoder().encode(text).length;
  const letters = text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
  const left = ((MOST - bytes) * letters) / bytes;
  return { isNear: bytes > MOST * NEAR, left: left < 0 ? Math.floor(left) : Math.ceil(left), isOver: bytes > MOST };
}

/** A counter, to be told of each text. */
export function counter() {
  const element = el("span", { class: "counter", role: "status" });
  let shown = "";
  return {
    element,
    /**
     * @param {string} text
     * @returns {boolean} Whether it fits.
     */
    show(text) {
      // A text of so few letters fits, whatever they are.
      const { isNear, left, isOver } = text.length < MOST / 5 ? { isNear: false, left: 0, isOver: false } : roomIn(text);
      const words = isNear ? number(left) : "";
      if (words !== shown) {
        shown = words;
        element.classList.toggle("wrong-words", isOver);
        put(element, words && [el("span", { "aria-hidden": true }, words), el("span", { class: "unseen" }, t(isOver ? "write.tooLong" : "write.left", { n: Math.abs(left) }))]);
      }
      return !isOver;
    },
  };
}
