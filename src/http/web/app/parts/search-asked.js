// What someone means who types into the search field: words, a person, a link, what someone has said.

import { get } from "../core/api.js";
import { session } from "../core/session.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {{q: string, from: Account | null, wanted: string | null}} Asked `wanted` is the name that somebody of is asked. */

/** `from:layla`, `from:"Layla K"`, and the same in Arabic. */
const FROM = /(?:^|\s)(?:from|من):(?:"([^"]+)"|(\S+))/i;
/** The address of someone's page. */
const PAGE = /^https?:\/\/[^/]+\/@(z6Mk[1-9A-HJ-NP-Za-km-z]+)\/?$/;

/**
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<Asked>}
 */
export async function asked(text, signal) {
  const found = text.match(FROM);
  if (!found) return { q: text.match(PAGE)?.[1] ?? text, from: null, wanted: null };
  const wanted = found[1] ?? found[2];
  return { q: text.replace(FROM, " ").trim(), from: await person(wanted, signal), wanted };
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 * @returns {Promise<Account | null>}
 */
async function person(name, signal) {
  if (/^(me|أنا|انا)$/i.test(name)) return session.me;
  const [found] = await get("/api/v1/accounts/search", { q: name, limit: 1 }, signal);
  return found ?? null;
}
