// What was sent and has not arrived: it lies in this browser until the node has it, and is sent by itself when the node
// is there again; once, whatever happens in between.

import { Refused, connection } from "../core/api.js";
import { go } from "../core/router.js";
import { failed, reason, say } from "../core/say.js";
import { moment, t } from "../core/words.js";
import { all, erase, read, write } from "./drafts-store.js";
import { deliver } from "./outbox-deliver.js";
import { postPath } from "./paths.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {import("../core/types.js").Status} Status */

/**
 * @typedef {object} Job
 * @property {string} id By which the node knows it again.
 * @property {number} at When it was sent.
 * @property {Writing} writing
 * @property {string} language
 * @property {boolean} isTaking Whether what it takes the place of was asked to be taken away.
 * @property {string | null} why Why the node will not have it; null while it waits.
 */

/** Milliseconds after which bytes that belong to nothing are swept away. */
const STALE = 86_400_000;

/** The longest time in milliseconds until a node that is there again is tried, where it went away more than once. */
const LONGEST = 300_000;

/** `changed` when there is more or less that waits, or something is on its way. */
export const outboxEvents = new EventTarget();

/** Other windows have the same outbox. */
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("majlis.outbox");
channel?.addEventListener("message", () => outboxEvents.dispatchEvent(new Event("changed")));

/** Times that the node went away over what was sent to it. */
let misses = 0;
/** The one that is on its way. @type {string | null} */
let sending = null;

export const isSending = (/** @type {string} */ id) => id === sending;

function noticed() {
  outboxEvents.dispatchEvent(new Event("changed"));
  channel?.postMessage(null);
}

/** @returns {Promise<Job[]>} The first that was sent first. */
export async function waiting() {
  /** @type {Job[]} */
  const jobs = await all("outbox");
  return jobs.sort((one, other) => one.at - other.at);
}

/**
 * Takes what was written over from whoever wrote it, and sends it.
 * @param {Writing} writing
 * @param {string} language
 */
export async function send(writing, language) {
  /** @type {Job} */
  const job = { id: writing.id, at: Date.now(), writing, language, isTaking: false, why: null };
  await write("outbox", job);
  await erase("writing", writing.id);
  noticed();
  void sendWaiting();
}

/**
 * Sends one once more that was refused.
 * @param {string} id
 */
export async function retry(id) {
  const job = await read("outbox", id);
  if (!job) return;
  await write("outbox", { ...job, why: null });
  await sendWaiting();
}

/** @type {Promise<unknown>} */
let turn = Promise.resolve();

/**
 * One thing is done with the outbox at a time, in all windows.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function alone(work) {
  const locked = () => (navigator.locks ? navigator.locks.request("majlis.outbox", work) : work());
  const mine = turn.then(locked, locked);
  turn = mine;
  return mine;
}

/**
 * Takes one out that has not arrived meanwhile; null where it has.
 * @param {string} id
 * @returns {Promise<Job | null>}
 */
function takeOut(id) {
  return alone(async () => {
    const job = /** @type {Job | undefined} */ (await read("outbox", id));
    await erase("outbox", id);
    noticed();
    return job ?? null;
  });
}

/**
 * Throws one away; what this returns puts it back.
 * @param {string} id
 */
export async function throwAway(id) {
  const job = await takeOut(id);
  return async () => {
    if (job) await write("outbox", job);
    noticed();
  };
}

/**
 * Opens one that has not arrived, to be written on.
 * @param {string} id
 */
export async function writeOn(id) {
  const job = await takeOut(id);
  if (!job) return;
  const from = job.isTaking ? null : job.writing.from;
  const { openWriting } = await import("./composer.js");
  await openWriting({ ...job.writing, from });
}

/** Sends all that waits, one behind the other. */
export function sendWaiting() {
  return alone(sendAll).catch(failed);
}

async function sendAll() {
  for (const job of (await waiting()).filter(({ why }) => why === null)) {
    sending = job.id;
    outboxEvents.dispatchEvent(new Event("changed"));
    try {
      const status = await deliver(job);
      misses = 0;
      arrived(job, status);
      await erase("outbox", job.id);
      await erase("files", ...job.writing.files.map(({ id }) => id));
    } catch (error) {
      // What comes behind it would not come through either.
      if (error instanceof Refused && (error.isAway || error.status === 401)) return void (misses += 1);
      await refused(job, error);
    } finally {
      sending = null;
      noticed();
    }
  }
}

/**
 * @param {Job} job
 * @param {unknown} error
 */
async function refused(job, error) {
  if (!(error instanceof Refused)) console.error(error);
  const why = reason(error);
  await write("outbox", { ...job, why });
  say(t("outbox.refused", { why }), { isError: true, action: t("outbox.edit"), onaction: () => void writeOn(job.id).catch(failed) });
}

/**
 * @param {Job} job
 * @param {Status | null} status Null where it waits for its time.
 */
function arrived({ writing }, status) {
  if (!status) say(t("write.scheduled", { when: moment(writing.time) }), { action: t("write.look"), onaction: () => go("/drafts") });
  else say(t(writing.edit ? "write.saved" : "write.posted"), { action: t("write.look"), onaction: () => go(postPath(status)) });
}

/** Bytes of files that nothing refers to any more. */
async function sweep() {
  const [written, jobs, files] = await Promise.all([all("writing"), all("outbox"), all("files")]);
  const used = new Set([...written, ...jobs.map(({ writing }) => writing)].flatMap((writing) => writing.files.map((/** @type {{id: string}} */ { id }) => id)));
  await erase("files", ...files.filter(({ id, at }) => !used.has(id) && Date.now() - at > STALE).map(({ id }) => id));
}

connection.addEventListener("back", () => setTimeout(() => void sendWaiting(), misses < 2 ? 0 : Math.min(1_000 * 2 ** misses, LONGEST)));
void sweep().catch(failed);
