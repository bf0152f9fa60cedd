// What one does with a post is seen at once. Where the node then does not do it, all is as it was, and it is said why.

import { change, post, remove } from "../core/api.js";
import { failed } from "../core/say.js";
import { changed } from "./shown.js";

/** @typedef {import("../core/types.js").Status} Status */

const HEART = "♥";

/** What is asked for a post goes one behind the other, so that the last that was wanted holds. @type {Map<string, Promise<any>>} */
const queues = new Map();
/** @type {Map<string, number>} */
const waiting = new Map();

/**
 * @param {Status} status
 * @param {Partial<Status>} next What will be so.
 * @param {() => Promise<any>} request Answers with the post.
 * @returns {Promise<boolean>} Whether it is so.
 */
async function attempt(status, next, request) {
  const { id } = status;
  const before = Object.fromEntries(Object.keys(next).map((key) => [key, /** @type {any} */ (status)[key]]));
  changed(id, next);
  waiting.set(id, (waiting.get(id) ?? 0) + 1);
  const turn = (queues.get(id) ?? Promise.resolve()).then(request);
  queues.set(
    id,
    turn.catch(() => {}),
  );
  try {
    const answer = await turn;
    // An answer to what was asked before the last says what is not wanted any more.
    if (waiting.get(id) === 1) changed(id, answer.reblog ?? answer);
    return true;
  } catch (error) {
    changed(id, before);
    failed(error);
    return false;
  } finally {
    waiting.set(id, (waiting.get(id) ?? 1) - 1);
    if (waiting.get(id) === 0) {
      waiting.delete(id);
      queues.delete(id);
    }
  }
}

/**
 * @param {Status} status
 * @param {string} emoji
 * @param {boolean} isOn
 */
function withReaction(status, emoji, isOn) {
  const { reactions, my_reactions: mine } = status.majlis;
  const count = (reactions[emoji] ?? 0) + (isOn ? 1 : -1);
  const counts = { ...reactions, [emoji]: Math.max(count, 0) };
  if (counts[emoji] === 0) delete counts[emoji];
  const own = mine.filter((one) => one !== emoji);
  return { ...status.majlis, reactions: counts, my_reactions: isOn ? [...own, emoji] : own };
}

/** @param {Status} status */
export function like(status) {
  const isOn = !status.favourited;
  const next = {
    favourited: isOn,
    favourites_count: Math.max(0, status.favourites_count + (isOn ? 1 : -1)),
    majlis: withReaction(status, HEART, isOn),
  };
  return attempt(status, next, () => post(`/api/v1/statuses/${status.id}/${isOn ? "favourite" : "unfavourite"}`));
}

/**
 * @param {Status} status
 * @param {string} emoji
 */
export function react(status, emoji) {
  if (emoji === HEART) return like(status);
  const isOn = !status.majlis.my_reactions.includes(emoji);
  const path = `/api/majlis/v1/statuses/${status.id}/reactions/${encodeURIComponent(emoji)}`;
  return attempt(status, { majlis: withReaction(status, emoji, isOn) }, () => (isOn ? change(path) : remove(path)));
}

/** @param {Status} status */
export function repost(status) {
  const isOn = !status.reblogged;
  const next = { reblogged: isOn, reblogs_count: Math.max(0, status.reblogs_count + (isOn ? 1 : -1)) };
  return attempt(status, next, () => post(`/api/v1/statuses/${status.id}/${isOn ? "reblog" : "unreblog"}`));
}

/** @param {Status} status */
export function bookmark(status) {
  const isOn = !status.bookmarked;
  return attempt(status, { bookmarked: isOn }, () => post(`/api/v1/statuses/${status.id}/${isOn ? "bookmark" : "unbookmark"}`));
}

/** @param {Status} status */
export function pin(status) {
  const isOn = !status.pinned;
  return attempt(status, { pinned: isOn }, () => post(`/api/v1/statuses/${status.id}/${isOn ? "pin" : "unpin"}`));
}
