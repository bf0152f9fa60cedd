// Carrying to the node what was sent: its files, what it takes the place of, itself; and none of it twice.

import { Refused, change, get, post, remove } from "../core/api.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { settle } from "./attachments-files.js";
import { write } from "./drafts-store.js";
import { formOf, textOf, timeOf } from "./outbox-form.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {import("./outbox-send.js").Job} Job */
/** @typedef {import("../core/types.js").Status} Status */

/** Milliseconds by which the clocks of this browser and of the node may differ. */
const APART = 600_000;

/**
 * @param {Job} job
 * @returns {Promise<Status | null>} The post; null where it waits for its time.
 */
export async function deliver(job) {
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
