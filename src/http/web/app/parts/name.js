// What someone is called here: by the owner's own name for them, else by their own, else by their key.

import { el } from "../core/dom.js";

/** @typedef {import("../core/types.js").Account} Account */

/**
 * A key in little room.
 * @param {string} key `z6Mk…`
 */
export function shortKey(key) {
  return key.length > 16 ? `${key.slice(0, 8)}…${key.slice(-4)}` : key;
}

/** They would turn the words beside a name round, which no element keeps them from. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * What someone is called, where they are called something.
 * @param {Account} account
 */
function called({ majlis, display_name: name }) {
  return (majlis.petname || name).replace(TURNING, "").trim();
}

/**
 * As text.
 * @param {Account} account
 */
export function plainName(account) {
  return called(account) || shortKey(account.acct);
}

/**
 * As an element that keeps its direction to itself.
 * @param {Account} account
 */
export function nameOf(account) {
  return el("bdi", { class: called(account) ? "name" : "name key" }, plainName(account));
}

/**
 * As text among other words: it is not long, and keeps its direction to itself, whatever it is made of.
 * @param {Account} account
 */
export function nameInText(account) {
  const letters = [...plainName(account)];
  return `\u2068${letters.length > 40 ? `${letters.slice(0, 39).join("")}…` : letters.join("")}\u2069`;
}
