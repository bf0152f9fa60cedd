// Posts that are on the page. What changes one changes it wherever it stands: in a list, in a conversation, in both.

import { on } from "../core/live.js";

/** @typedef {import("../core/types.js").Status} Status */

/**
 * @typedef {object} Shown
 * @property {Status} status
 * @property {() => void} draw Shows it anew.
 * @property {Record<string, () => void>} acts What can be done with it, by the names of the keys that do it.
 */

/** Changes that are remembered for posts that come into view later. */
const REMEMBERED = 200;

/** @type {WeakMap<Element, Shown>} */
const shown = new WeakMap();
/** @type {Map<string, {next: Partial<Status>, at: number}>} */
const changes = new Map();

/**
 * @param {HTMLElement} article
 * @param {Shown} entry
 */
export function register(article, entry) {
  shown.set(article, entry);
}

/**
 * The post of which an element is part.
 * @param {EventTarget | null} element
 */
export function shownAt(element) {
  const article = element instanceof Element ? element.closest("article[data-post]") : null;
  const entry = article && shown.get(article);
  return entry ? { article: /** @type {HTMLElement} */ (article), ...entry } : null;
}

/** @param {string} id */
function articles(id) {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`article[data-post="${CSS.escape(id)}"]`)]);
}

/**
 * A post is another than before.
 * @param {string} id
 * @param {Partial<Status>} next
 */
export function changed(id, next) {
  const before = changes.get(id)?.next;
  changes.delete(id);
  changes.set(id, { next: { ...before, ...next }, at: performance.now() });
  if (changes.size > REMEMBERED) changes.delete([...changes.keys()][0]);
  for (const article of articles(id)) {
    const entry = shown.get(article);
    if (!entry) continue;
    take(entry.status, next);
    entry.draw();
  }
}

/**
 * What was learnt of a post at another time is brought up to what is known now.
 * @param {Status} status
 * @param {number} learnt By `performance.now()`.
 * @returns {boolean} Whether something was newer.
 */
export function freshen(status, learnt) {
  const known = changes.get(status.id);
  if (!known || known.at < learnt) return false;
  take(status, known.next);
  return true;
}

/**
 * What belongs to the place where a post is shown stays as it was.
 * @param {Status} status
 * @param {Partial<Status>} next
 */
function take(status, next) {
  const { filtered, majlis } = status;
  Object.assign(status, next);
  status.filtered = filtered;
  if (next.majlis) status.majlis = { ...next.majlis, missing_replies: majlis.missing_replies };
}

/** Posts that are out of sight, as they may be gone soon. @type {Set<string>} */
const hidden = new Set();

/** @param {string} id */
export function isHidden(id) {
  return hidden.has(id);
}

/**
 * @param {string} id
 * @param {boolean} isOut
 */
export function hide(id, isOut) {
  if (isOut) hidden.add(id);
  else hidden.delete(id);
  for (const article of articles(id)) article.hidden = isOut;
}

/**
 * A post is no more. Lists take it out themselves, at `gone`; elsewhere it just goes.
 * @param {string} id
 */
export function gone(id) {
  for (const article of articles(id)) {
    const event = new CustomEvent("gone", { bubbles: true, cancelable: true });
    if (article.dispatchEvent(event)) article.remove();
  }
}

// As long as the page is open: someone has edited one, wherever it stands.
on({ "status.update": ({ data }) => changed((data.reblog ?? data).id, data.reblog ?? data) });
