// What was sent and has not arrived: it lies in this browser until the node has it, and is sent by itself when the node
// is there again; once, whatever happens in between.

import { Refused, change, connection, get, post, remove } from "../core/api.js";
import { go } from "../core/router.js";
import { failed, reason, say } from "../core/say.js";
import { session } from "../core/session.js";
import { moment, t } from "../core/words.js";
import { settle } from "./attachments-files.js";
import { all, erase, read, write } from "./drafts-store.js";
import { formOf, textOf, timeOf } from "./outbox-form.js";
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

/** Milliseconds by which the clocks of this browser and of the node may differ. */
const APART = 600_000;
/** Milliseconds after which bytes that belong to nothing are swept away. */
const STALE = 86_400_000;

/** `changed` when there is more or less that waits; `sent` when something has arrived, with the post. */
export const outboxEvents = new EventTarget();

/** Other windows have the same outbox. */
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("majlis.outbox");
channel?.addEventListener("message", () => outboxEvents.dispatchEvent(new Event("changed")));

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
      arrived(job, await deliver(job));
      await erase("outbox", job.id);
      await erase("files", ...job.writing.files.map(({ id }) => id));
    } catch (error) {
      // What comes behind it would not come through either.
      if (error instanceof Refused && (error.isAway || error.status === 401)) return;
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
  outboxEvents.dispatchEvent(new CustomEvent("sent", { detail: status }));
  if (!status) say(t("write.scheduled", { when: moment(writing.time) }), { action: t("write.look"), onaction: () => go("/drafts") });
  else say(t(writing.edit ? "write.saved" : "write.posted"), { action: t("write.look"), onaction: () => go(postPath(status)) });
}

/**
 * @param {Job} job
 * @returns {Promise<Status | null>}
 */
async function deliver(job) {
  const { writing } = job;
  const before = writing.tried.length > 0 ? await earlier(writing) : undefined;
  if (before !== undefined && (before === null || before.majlis.text.trim() === textOf(writing).trim())) return before;
  for (const file of writing.files) await settle(file);
  await takeAway(job);
  writing.tried.push({ text: textOf(writing).trim(), at: Date.now() });
  await write("outbox", job);
  const form = formOf(writing, job.language);
  const edited = writing.edit?.id ?? before?.id;
  if (edited) return change(`/api/v1/statuses/${edited}`, form);
  const made = await post("/api/v1/statuses", form, { "idempotency-key": job.id });
  return writing.time ? null : made;
}

/**
 * What an earlier try has come to, of which no answer came: the post, null where it waits for its time, undefined where
 * it has come to nothing. The node remembers keys of requests only as long as it runs.
 * @param {Writing} writing
 * @returns {Promise<Status | null | undefined>}
 */
async function earlier({ tried, edit, time, replyTo, files }) {
  if (edit) return undefined;
  if (time) {
    /** @type {{scheduled_at: string, params: {text: string}}[]} */
    const scheduled = await get("/api/v1/scheduled_statuses");
    const at = timeOf(/** @type {Writing} */ ({ time }));
    return scheduled.some((one) => tried.some(({ text }) => text === one.params.text.trim()) && new Date(one.scheduled_at).toISOString() === at) ? null : undefined;
  }
  /** @type {Status[]} */
  const own = await get(`/api/v1/accounts/${session.me?.id}/statuses`, { limit: 40, exclude_reblogs: true });
  return own.find(
    (status) =>
      !status.reblog &&
      status.in_reply_to_id === (replyTo?.id ?? null) &&
      status.media_attachments.length === files.length &&
      tried.some(({ text, at }) => text === status.majlis.text.trim() && new Date(status.created_at).getTime() > at - APART),
  );
}

/**
 * What it takes the place of goes first: it would be posted by itself otherwise, besides.
 * @param {Job} job
 */
async function takeAway(job) {
  const { from } = job.writing;
  if (!from) return;
  const wasAsked = job.isTaking;
  job.isTaking = true;
  await write("outbox", job);
  const path = from.kind === "draft" ? `/api/majlis/v1/drafts/${from.id}` : `/api/v1/scheduled_statuses/${from.id}`;
  await remove(path).catch((error) => {
    const isGone = error instanceof Refused && error.status === 404;
    if (!isGone) throw error;
    if (from.kind === "scheduled" && !wasAsked) throw new Refused(409, t("outbox.meanwhile"));
  });
}

/** Bytes of files that nothing refers to any more. */
async function sweep() {
  const [written, jobs, files] = await Promise.all([all("writing"), all("outbox"), all("files")]);
  const used = new Set([...written, ...jobs.map(({ writing }) => writing)].flatMap((writing) => writing.files.map((/** @type {{id: string}} */ { id }) => id)));
  await erase("files", ...files.filter(({ id, at }) => !used.has(id) && Date.now() - at > STALE).map(({ id }) => id));
}

connection.addEventListener("back", () => void sendWaiting());
void sweep().catch(failed);
