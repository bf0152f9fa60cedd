// What a post says: its text, its files, its poll, what it quotes.

import { el } from "../core/dom.js";
import { warningFold, lengthFold } from "./folds.js";
import { media } from "./media.js";
import { quoted } from "./quote.js";
import { paragraphs, plainText } from "./text.js";

/** @typedef {import("../core/types.js").Status} Status */

/** From how many characters, and lines, a text is folded; and how much of it is seen then. */
const LONG = { characters: 1_400, lines: 18 };
const SHOWN = 1_100;

/**
 * @param {Status} status
 * @param {string} id Of the text, for those to whom it is read.
 * @param {HTMLElement | null} poll
 * @param {import("./post.js").Options} options
 */
export function postBody(status, id, poll, options) {
  return warningFold(status, () => [text(status, id, options), media(status), poll, quoted(status)]);
}

/**
 * @param {Status} status
 * @param {string} id
 * @param {import("./post.js").Options} options
 */
function text(status, id, { isLarge }) {
  const { parts } = status.majlis;
  const said = plainText(parts);
  if (!said.trim()) return null;
  const isLong = !isLarge && (said.length > LONG.characters || said.split("\n").length > LONG.lines);
  const element = el("div", { class: "post-text", id, lang: status.language }, paragraphs(parts, isLong ? SHOWN : Infinity));
  return isLong ? lengthFold(`text ${status.id}`, element, () => paragraphs(parts)) : element;
}
