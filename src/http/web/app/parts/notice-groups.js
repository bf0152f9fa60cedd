// Notifications of one kind about one thing are one to read.

/** @typedef {import("../core/types.js").Notification} Notification */
/** @typedef {{key: string, kind: Notification["majlis"]["kind"], all: Notification[]}} Group Of which the latest comes first. */

/** @param {Notification} one */
function keyOf({ id, status, created_at: when, majlis }) {
  if (majlis.kind === "follow") return `follow ${new Date(when).toDateString()}`;
  const isShared = majlis.kind === "reaction" || majlis.kind === "repost";
  return isShared && status ? `${majlis.kind} ${status.id}` : id;
}

/**
 * @param {Iterable<Notification>} all The latest first.
 * @returns {Group[]}
 */
export function groupsOf(all) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.all.push(one);
    else groups.set(key, { key, kind: one.majlis.kind, all: [one] });
  }
  return [...groups.values()];
}

/**
 * Those who did it, each once, the latest first.
 * @param {Group} group
 */
export function peopleOf({ all }) {
  return [...new Map(all.map(({ account }) => [account.id, account])).values()];
}

/**
 * The emoji that they put there, each once.
 * @param {Group} group
 */
export function emojiOf({ all }) {
  return [...new Set(all.map(({ majlis }) => majlis.emoji).filter((emoji) => emoji !== null))];
}
