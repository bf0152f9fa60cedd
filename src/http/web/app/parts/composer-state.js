// What is being written: its shape, where it begins, and how it is found again after the page was closed.

import { session } from "../core/session.js";
import { keep, kept } from "../core/kept.js";
import { all, erase, newId, read, write } from "./drafts-store.js";

/** @typedef {import("../core/types.js").Status} Status */

/**
 * Someone who is addressed: by name in the field, by key in what is sent.
 * @typedef {{name: string, key: string, avatar: string}} Person
 */

/**
 * @typedef {object} WrittenFile
 * @property {string} id Of its bytes in the store.
 * @property {string | null} media What the node calls it, where it has it.
 * @property {boolean} isKept Whether the post that is edited has it already.
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {string} alt
 * @property {{x: number, y: number} | null} focus
 * @property {string | null} sourceType What it says of itself.
 * @property {{width: number, height: number} | null} shape
 * @property {string | null} preview An address at the node.
 */

/**
 * @typedef {object} Writing
 * @property {string} id Also by which the node knows it again if it is sent twice.
 * @property {string} about `new`, `reply` and a post, `edit` and a post: what is found again where one writes the same.
 * @property {number} at When it last changed.
 * @property {string} text As it stands in the field.
 * @property {Person[]} people Those who may be meant by names in it.
 * @property {string | null} warning Null where nothing is covered.
 * @property {{options: string[], isMultiple: boolean, seconds: number} | null} poll
 * @property {string | null} language As it was chosen; null: as it is guessed.
 * @property {"public" | "unlisted"} visibility
 * @property {string} time When to post it, in local time; empty: now.
 * @property {string | null} usage
 * @property {string | null} sourceType
 * @property {WrittenFile[]} files
 * @property {Status | null} replyTo
 * @property {Status | null} quote
 * @property {Status | null} edit
 * @property {{kind: "draft" | "scheduled", id: string} | null} from What of the node's it takes the place of.
 * @property {string} initial How it began, so that one knows whether it was touched.
 * @property {{text: string, at: number}[]} tried What was sent of it, of which the node has said nothing.
 */

/** `changed` when a piece was put aside, or is no longer there. */
export const writingEvents = new EventTarget();

/** Pieces that are kept; the oldest beyond go. */
const KEPT = 60;

/**
 * @param {Partial<Writing>} [given]
 * @returns {Writing}
 */
export function blank(given = {}) {
  const made = {
    id: newId(),
    at: Date.now(),
    text: "",
    people: [],
    warning: null,
    poll: null,
    language: null,
    visibility: session.me?.source?.privacy === "unlisted" ? /** @type {const} */ ("unlisted") : /** @type {const} */ ("public"),
    time: "",
    usage: null,
    sourceType: null,
    files: [],
    replyTo: null,
    quote: null,
    edit: null,
    from: null,
    tried: [],
    initial: "",
    ...given,
  };
  return { about: aboutOf(made), ...made };
}

/**
 * What makes a piece another one to keep or to send.
 * @param {Writing} writing
 */
function essence({ text, warning, poll, language, time, usage, sourceType, files }) {
  const shown = files.map(({ id, media, isKept, alt, focus }) => [isKept ? media : id, alt, focus]);
  return JSON.stringify([text.trim(), warning, poll, language, time, usage, sourceType, shown]);
}

/**
 * From here on it is touched if it is another.
 * @param {Writing} writing
 */
export function begun(writing) {
  writing.initial = essence(writing);
  return writing;
}

/**
 * Where one writes: two pieces about the same are not written at once.
 * @param {{replyTo?: Status | null, quote?: Status | null, edit?: Status | null, from?: Writing["from"]}} piece
 */
export function aboutOf({ replyTo, quote, edit, from }) {
  if (from) return `${from.kind} ${from.id}`;
  if (edit) return `edit ${edit.majlis.id}`;
  const said = [replyTo && `reply ${replyTo.majlis.id}`, quote && `quote ${quote.majlis.id}`].filter(Boolean);
  return said.join(" ") || "new";
}

/** Tells those who show what is written. */
export function noticed() {
  writingEvents.dispatchEvent(new Event("changed"));
}

/**
 * Whether there is nothing in it that could be sent.
 * @param {Writing} writing
 */
export function isEmpty({ text, files, poll, quote }) {
  return text.trim() === "" && files.length === 0 && !poll?.options.some((option) => option.trim()) && !quote;
}

/**
 * Whether there is nothing in it that someone has written.
 * @param {Writing} writing
 */
export function isUntouched(writing) {
  const { text, files, poll, warning, edit, initial } = writing;
  if (essence(writing) === initial) return true;
  return !edit && text.trim() === "" && files.length === 0 && !warning?.trim() && !poll?.options.some((option) => option.trim());
}

/**
 * Keeps others from writing the same piece at the same time, in another window.
 * @param {string} id
 * @returns {Promise<(() => void) | null>} Lets go of it; null where another has it.
 */
export function hold(id) {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    void navigator.locks.request(`majlis.writing.${id}`, { ifAvailable: true }, (lock) =>
      lock ? new Promise((end) => resolve(() => end(undefined))) : resolve(null),
    );
  });
}

/**
 * The newest piece about this that nobody is writing, if there is one.
 * @param {string} about
 * @returns {Promise<{writing: Writing, release: () => void} | null>}
 */
export async function found(about) {
  const pieces = (await pending()).filter((piece) => piece.about === about);
  for (const writing of pieces) {
    const release = await hold(writing.id);
    if (release) return { writing, release };
  }
  return null;
}

/**
 * Keeps a piece where the page goes this very moment: a database takes too long for that.
 * @param {Writing} writing
 */
export function rememberLate(writing) {
  keep("writing.late", { ...kept("writing.late"), [writing.id]: { ...writing, at: Date.now() } });
}

/**
 * It lies in the database now.
 * @param {string} id
 */
export function forgetLate(id) {
  const { [id]: known, ...others } = kept("writing.late") ?? {};
  if (known) keep("writing.late", Object.keys(others).length ? others : null);
}

/** Puts what was kept so where all else is. */
async function takeLate() {
  /** @type {Writing[]} */
  const late = Object.values(kept("writing.late") ?? {});
  for (const piece of late) {
    const known = /** @type {Writing | undefined} */ (await read("writing", piece.id));
    if (!known || known.at < piece.at) await write("writing", piece);
    forgetLate(piece.id);
  }
}

/** @returns {Promise<Writing[]>} All that is being written in this browser, the newest first. */
export async function pending() {
  await takeLate();
  /** @type {Writing[]} */
  const pieces = (await all("writing")).sort((one, other) => other.at - one.at);
  for (const { id } of pieces.splice(KEPT)) await forget(id);
  return pieces;
}

/**
 * Forgets a piece and its files.
 * @param {string} id
 */
export async function forget(id) {
  const piece = /** @type {Writing | undefined} */ (await read("writing", id));
  await erase("writing", id);
  if (piece) await erase("files", ...piece.files.map((file) => file.id));
}

/** @param {Writing} writing */
export function remember(writing) {
  writing.at = Date.now();
  return write("writing", writing);
}

/** The language that was written in last, else that of the pages. */
export function usualLanguage() {
  return kept("write.language") ?? session.me?.source?.language ?? document.documentElement.lang;
}
