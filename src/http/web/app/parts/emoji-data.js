// All emoji by their names, and those that were used last.

import { get } from "../core/api.js";
import { keep, kept } from "../core/kept.js";

/** Character, name, and what is typed between colons. @typedef {[string, string, string]} Emoji */
/** @typedef {{group: string, emoji: Emoji[]}} Group */

/** @type {Promise<Group[]> | null} */
let asked = null;
/** Of the last that were used, so many are remembered. */
const REMEMBERED = 24;

/** @returns {Promise<Group[]>} */
export function allEmoji() {
  asked ??= get("/api/majlis/v1/emoji");
  asked.catch(() => (asked = null));
  return asked;
}

/** @param {string} text */
function folded(text) {
  return text.toLowerCase().replace(/[_:-]+/g, " ").trim();
}

/**
 * How well a name fits what is looked for; less is better, null is not at all.
 * @param {string} name
 * @param {string} query
 */
function fit(name, query) {
  const at = ` ${name}`.indexOf(` ${query}`);
  if (at === 0) return name.length === query.length ? 0 : 1;
  return at > 0 ? 2 : null;
}

/**
 * Those of which a name or short name has words that begin so, the best first.
 * @param {string} text
 * @param {number} most
 * @returns {Promise<Emoji[]>}
 */
export async function findEmoji(text, most) {
  const query = folded(text);
  if (query === "") return [];
  /** @type {{emoji: Emoji, rank: number}[]} */
  const found = [];
  for (const emoji of (await allEmoji()).flatMap((group) => group.emoji)) {
    const fits = [fit(folded(emoji[2]), query), fit(folded(emoji[1]), query)].filter((rank) => rank !== null);
    if (fits.length > 0) found.push({ emoji, rank: Math.min(...fits) });
  }
  return found.sort((one, other) => one.rank - other.rank).slice(0, most).map(({ emoji }) => emoji);
}

/** @returns {string[]} */
export function recentEmoji() {
  const recent = kept("emoji.recent");
  return Array.isArray(recent) ? recent : [];
}

/** @param {string} character */
export function usedEmoji(character) {
  keep("emoji.recent", [character, ...recentEmoji().filter((other) => other !== character)].slice(0, REMEMBERED));
}
