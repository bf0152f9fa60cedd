// Who is here: signing in with a code, and what is known of the owner.

import { connection, get, post, remove, token } from "./api.js";
import { forgetAll, keep, kept } from "./kept.js";

/** @typedef {import("./types.js").Account} Account */

/**
 * What the node says it allows.
 * @typedef {object} Limits
 * @property {number} text Characters of a post.
 * @property {number} files Files of a post.
 * @property {number} fileSize Bytes of a file.
 * @property {string[]} fileTypes
 * @property {number} options Answers of a poll.
 * @property {number} option Characters of one.
 */

/** `changed` when the owner's own account is another than before. */
export const session = Object.assign(new EventTarget(), {
  /** @type {Account & {source?: any} | null} */
  me: null,
  /** @type {Limits} */
  limits: { text: 5000, files: 4, fileSize: 40_000_000, fileTypes: [], options: 4, option: 50 },
});

/** The code in the address, if one is there. It is taken out of it, so that it is neither shown nor kept in a history. */
export function codeInAddress() {
  const code = location.hash.match(/^#code=(.+)$/)?.[1];
  if (code) history.replaceState(history.state, "", location.pathname + location.search);
  return code ? decodeURIComponent(code) : null;
}

/** What this browser is called in the list of apps. */
function browserName() {
  const agent = navigator.userAgent;
  const browser = ["Edg", "OPR", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`)) ?? "Browser";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name));
  const named = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return system ? `${named} · ${system}` : named;
}

/**
 * Signs this browser in.
 * @param {string} code
 */
export async function signIn(code) {
  const given = await post("/api/majlis/v1/session", { code, name: browserName() });
  keep("token", given.access_token);
}

/** Signs this browser out, and forgets all that it has kept. */
export async function signOut() {
  try {
    await remove("/api/majlis/v1/session");
  } finally {
    forgetAll();
    const databases = await indexedDB.databases?.();
    for (const { name } of databases ?? []) if (name) indexedDB.deleteDatabase(name);
    location.assign("/");
  }
}

export function isSignedIn() {
  return token() !== null;
}

/**
 * Who the owner was known to be the last time, which holds until it is learnt anew.
 * @returns {boolean} Whether anything was known.
 */
export function rememberOwner() {
  session.me = kept("me");
  setLimits(kept("configuration"));
  return session.me !== null;
}

/** Learns who the owner is. What was known the last time holds as long as the node is away. */
export async function readOwner() {
  try {
    const [me, instance] = await Promise.all([get("/api/v1/accounts/verify_credentials"), get("/api/v2/instance")]);
    setOwner(me);
    setLimits(instance.configuration);
    keep("configuration", instance.configuration);
  } catch (error) {
    if (!connection.isAway) throw error;
    rememberOwner();
  }
}

/** @param {Account} me */
export function setOwner(me) {
  session.me = me;
  keep("me", me);
  session.dispatchEvent(new Event("changed"));
}

/** @param {any} configuration */
function setLimits(configuration) {
  if (!configuration) return;
  const { statuses, media_attachments: media, polls } = configuration;
  session.limits = {
    text: statuses.max_characters,
    files: statuses.max_media_attachments,
    fileSize: Math.max(media.image_size_limit, media.video_size_limit),
    fileTypes: media.supported_mime_types,
    options: polls.max_options,
    option: polls.max_characters_per_option,
  };
}

/**
 * Whether a permission of a setting of this browser's is on.
 * @param {string} name
 * @param {boolean} [otherwise]
 */
export function setting(name, otherwise = false) {
  return kept(`setting.${name}`) ?? otherwise;
}

/**
 * @param {string} name
 * @param {boolean} value
 */
export function set(name, value) {
  keep(`setting.${name}`, value);
}
