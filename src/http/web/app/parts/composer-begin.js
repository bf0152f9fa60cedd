// Where a piece of writing begins: with nothing, with a post that is edited, with a draft, or where one was.

import { Refused, get } from "../core/api.js";
import { keptFile, taken, keepBytes } from "./attachments-files.js";
import { withNames } from "./composer-mentions.js";
import { localTime } from "./composer-more.js";
import { aboutOf, begun, blank, found, hold } from "./composer-state.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("../core/types.js").Media} Media */

/**
 * @typedef {object} Beginning
 * @property {Status} [replyTo]
 * @property {Status} [quote]
 * @property {Status} [edit]
 * @property {string} [text]
 * @property {string} [draft] The id of one that the node keeps.
 * @property {string} [scheduled] The id of a post that waits for its time.
 */

/** @typedef {{writing: Writing, release: () => void, isFound: boolean}} Begun */

/**
 * @param {Beginning} beginning
 * @returns {Promise<Begun>}
 */
export async function begin({ replyTo, quote, edit, text, draft, scheduled }) {
  const from = draft ? /** @type {const} */ ({ kind: "draft", id: draft }) : scheduled ? /** @type {const} */ ({ kind: "scheduled", id: scheduled }) : null;
  const given = { replyTo: replyTo?.reblog ?? replyTo ?? null, quote: quote?.reblog ?? quote ?? null, edit: edit ?? null, from };
  const known = text === undefined ? await found(aboutOf(given)) : null;
  if (known) return { ...known, isFound: true };
  const writing = await fresh(given, text);
  return { writing, release: (await hold(writing.id)) ?? (() => {}), isFound: false };
}

/**
 * @param {Pick<Writing, "replyTo" | "quote" | "edit" | "from">} given
 * @param {string} [text]
 */
export async function fresh(given, text = "") {
  const { edit, from } = given;
  return begun(edit ? await edited(edit) : from ? await kept(from) : await anew(given, text));
}

/**
 * @param {Pick<Writing, "replyTo" | "quote">} given
 * @param {string} text
 */
async function anew(given, text) {
  const writing = blank(given);
  writing.text = await withNames(text, writing.people);
  // A post that was covered is answered under the same cover.
  if (given.replyTo?.spoiler_text) writing.warning = given.replyTo.spoiler_text;
  if (given.replyTo?.visibility === "unlisted") writing.visibility = "unlisted";
  return writing;
}

/** @param {Status} edit */
async function edited(edit) {
  const source = await get(`/api/v1/statuses/${edit.id}/source`);
  const writing = blank({ edit, language: edit.language, visibility: edit.visibility, files: edit.media_attachments.map(keptFile) });
  writing.text = await withNames(source.text, writing.people);
  writing.warning = edit.sensitive ? source.spoiler_text : null;
  return writing;
}

/** @param {NonNullable<Writing["from"]>} from */
async function kept(from) {
  /** @type {import("../core/types.js").Draft[]} */
  const drafts = await get("/api/majlis/v1/drafts");
  // A post that waits for its time is among them, by its number written otherwise.
  const id = from.kind === "draft" ? from.id : BigInt(from.id).toString(16).padStart(16, "0");
  const draft = drafts.find((one) => one.draft === id);
  if (!draft) throw new Refused(404, "there is no such draft");
  const [replyTo, quote] = await Promise.all([postBy(draft.reply_to), postBy(draft.quote)]);
  const writing = blank({
    // The files of one that does not wait cannot be had from the node, and are not to be lost with it.
    from: from.kind === "draft" && draft.files.length > 0 ? null : from,
    replyTo,
    quote,
    language: draft.lang ?? null,
    warning: draft.content_warning ?? null,
    visibility: draft.visibility,
    usage: draft.usage ?? null,
    sourceType: draft.source_type ?? null,
    time: draft.post_at ? localTime(new Date(draft.post_at).getTime()) : "",
    poll: pollOf(draft),
  });
  writing.text = await withNames(draft.text, writing.people);
  if (from.kind === "scheduled" && draft.files.length > 0) {
    const { media_attachments: files } = await get(`/api/v1/scheduled_statuses/${from.id}`);
    for (const file of files) writing.files.push(await copied(file));
  }
  return writing;
}

/**
 * A file of a post that waits, as one of another post.
 * @param {Media} media
 */
async function copied(media) {
  const bytes = await (await fetch(media.url)).blob();
  const file = { ...keptFile(media), ...taken(new File([bytes], media.majlis.name ?? "", { type: media.majlis.media_type })), alt: media.description ?? "", focus: media.meta.focus, sourceType: media.majlis.source_type };
  await keepBytes(file, bytes);
  return file;
}

/**
 * @param {import("../core/types.js").Draft} draft
 * @returns {Writing["poll"]}
 */
function pollOf({ poll, post_at: begins, saved_at: saved }) {
  if (!poll) return null;
  const runs = poll.closes_at ? new Date(poll.closes_at).getTime() - new Date(begins ?? saved).getTime() : 0;
  return { options: poll.options, isMultiple: poll.multiple, seconds: Math.max(0, Math.round(runs / 1_000)) };
}

/**
 * A post by its entry id, where it is held.
 * @param {string | null | undefined} entry
 * @returns {Promise<Status | null>}
 */
async function postBy(entry) {
  if (!entry) return null;
  const { statuses } = await get("/api/v2/search", { q: entry, type: "statuses", limit: 1 });
  return statuses[0] ?? null;
}
