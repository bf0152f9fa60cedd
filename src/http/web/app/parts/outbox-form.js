// What was written, in the form in which the node takes it.

import { said } from "./attachments-files.js";
import { withKeys } from "./composer-mentions.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

/** The text as it is sent. @param {Writing} writing */
export function textOf({ text, people }) {
  return withKeys(text, people);
}

/**
 * @param {Writing} writing
 * @param {string} language
 */
export function formOf(writing, language) {
  const { warning, files, edit } = writing;
  const form = {
    status: textOf(writing),
    language,
    spoiler_text: warning?.trim() ?? "",
    sensitive: warning !== null,
    media_ids: files.map(({ media }) => media),
  };
  if (edit) return { ...form, media_attributes: files.map((file) => ({ id: file.media, ...said(file) })) };
  return {
    ...form,
    visibility: writing.visibility,
    poll: pollOf(writing),
    in_reply_to_id: writing.replyTo?.id,
    quoted_status_id: writing.quote?.id,
    scheduled_at: timeOf(writing),
    majlis: { usage: writing.usage, source_type: writing.sourceType },
  };
}

/** @param {Writing} writing */
export function timeOf({ time }) {
  return time ? new Date(time).toISOString() : undefined;
}

/**
 * A poll ends so long after it was posted, whenever that is.
 * @param {Writing} writing
 */
function pollOf({ poll, time }) {
  if (!poll) return undefined;
  const wait = time ? Math.max(0, new Date(time).getTime() - Date.now()) / 1000 : 0;
  return {
    options: poll.options.map((option) => option.trim()).filter(Boolean),
    multiple: poll.isMultiple,
    expires_in: poll.seconds ? Math.round(poll.seconds + wait) : undefined,
  };
}
