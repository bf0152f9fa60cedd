// Whom a text addresses. In the field stand names; what is sent has keys in their places, as the node understands it.

import { get } from "../core/api.js";
import { plainName, shortKey } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("./composer-state.js").Person} Person */

/** Letters of a name in the field. */
const LONGEST = 40;
/** What a mention cannot stand behind, as the node reads it. */
const BEFORE = "(?<![\\p{L}\\p{N}\\p{M}_\\u200c\\u200d&/#@])";
const KEY = new RegExp(`${BEFORE}@(?:did:key:)?(z6Mk[1-9A-HJ-NP-Za-km-z]{44})(?![A-Za-z0-9])`, "gu");

/**
 * A name for the field, which no one else among these has.
 * @param {Account} account
 * @param {Person[]} people
 */
export function named(account, people) {
  const known = people.find(({ key }) => key === account.acct);
  if (known) return known.name;
  const plain = plainName(account).replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cn}\p{Co}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069@]/gu, "").trim();
  const short = [...plain].slice(0, LONGEST).join("").trim() || shortKey(account.acct);
  return people.some(({ name }) => name === short) ? `${short} (${shortKey(account.acct)})` : short;
}

/**
 * @param {Account} account
 * @param {Person[]} people Who is known so far; the one is added.
 * @returns {string} How to write it.
 */
export function mention(account, people) {
  const name = named(account, people);
  if (!people.some(({ key }) => key === account.acct)) people.push({ name, key: account.acct, avatar: account.avatar });
  return `@${name}`;
}

/** @param {Person[]} people */
function pattern(people) {
  const names = people.map(({ name }) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).sort((one, other) => other.length - one.length);
  return new RegExp(`${BEFORE}@(${names.join("|")})(?![\\p{L}\\p{N}\\p{M}_]|:[A-Za-z0-9])`, "gu");
}

/**
 * The text as it is sent.
 * @param {string} text
 * @param {Person[]} people
 */
export function withKeys(text, people) {
  if (people.length === 0) return text;
  return text.replace(pattern(people), (_, name) => `@${people.find((person) => person.name === name)?.key}`);
}

/**
 * Those whom a text addresses, each once, in order.
 * @param {string} text
 * @param {Person[]} people
 */
export function addressed(text, people) {
  const keys = new Set([...withKeys(text, people).matchAll(KEY)].map((found) => found[1]));
  return [...keys].map((key) => people.find((person) => person.key === key) ?? { name: shortKey(key), key, avatar: "" });
}

/**
 * The text as it stands in the field: names in the places of keys, of those whom the node knows.
 * @param {string} text
 * @param {Person[]} people Those who are met are added.
 */
export async function withNames(text, people) {
  const keys = new Set([...text.matchAll(KEY)].map((found) => found[1]));
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const key of keys) {
    const account = await get("/api/v1/accounts/lookup", { acct: key }).catch(() => null);
    if (account) names.set(key, mention(account, people));
  }
  return text.replace(KEY, (written, key) => names.get(key) ?? written);
}
