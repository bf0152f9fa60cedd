// Files that are to be part of a post: which may be, how they come to the node, and whether it still has them.

import { Refused, change, get, remove, upload } from "../core/api.js";
import { session } from "../core/session.js";
import { bytes, t } from "../core/words.js";
import { newId, read, write } from "./drafts-store.js";

/** @typedef {import("./composer-state.js").WrittenFile} WrittenFile */
/** @typedef {import("../core/types.js").Media} Media */

/** Types by the endings of names, as some systems do not tell them. @type {Record<string, string>} */
const BY_ENDING = { avif: "image/avif", flac: "audio/flac", jpg: "image/jpeg", m4a: "audio/mp4", mov: "video/quicktime", mp3: "audio/mpeg", ogg: "audio/ogg", wav: "audio/wav" };
/** What systems call a type otherwise. @type {Record<string, string>} */
const SAME = { "audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "audio/x-m4a": "audio/mp4", "audio/x-flac": "audio/flac", "image/jpg": "image/jpeg", "application/ogg": "audio/ogg" };

/** @param {File} file */
function typeOf(file) {
  const type = file.type || BY_ENDING[file.name.split(".").at(-1)?.toLowerCase() ?? ""] || "";
  return SAME[type] ?? type;
}

/**
 * Why a file cannot be part of a post; null where it can.
 * @param {File} file
 */
export function refusal(file) {
  const { fileSize, fileTypes } = session.limits;
  if (fileTypes.length > 0 && !fileTypes.includes(typeOf(file))) return t("files.kind", { name: file.name });
  if (file.size > fileSize) return t("files.large", { name: file.name, size: bytes(file.size), most: bytes(fileSize) });
  if (file.size === 0) return t("files.empty", { name: file.name });
  return null;
}

/**
 * Takes a file into the store, so that it is there after a crash as well.
 * @param {File} file
 * @returns {WrittenFile}
 */
export function taken(file) {
  return { id: newId(), media: null, isKept: false, name: file.name, type: typeOf(file), size: file.size, alt: "", focus: null, sourceType: null, shape: null, preview: null };
}

/**
 * A file that the post has which is edited.
 * @param {Media} media
 * @returns {WrittenFile}
 */
export function keptFile(media) {
  const { width, height } = media.meta.original;
  return {
    id: newId(),
    media: media.id,
    isKept: true,
    name: media.majlis.name ?? "",
    type: media.majlis.media_type,
    size: media.majlis.size,
    alt: media.description ?? "",
    focus: media.meta.focus,
    sourceType: media.majlis.source_type,
    shape: width && height ? { width, height } : null,
    preview: media.preview_url,
  };
}

/**
 * Hands a file over to the node.
 * @param {WrittenFile} file What the node says of it is written here.
 * @param {Blob} blob
 * @param {(part: number) => void} [progress]
 * @param {AbortSignal} [signal]
 */
export async function handOver(file, blob, progress, signal) {
  /** @type {Media} */
  const media = await upload("/api/v2/media", { file: new File([blob], file.name || "file", { type: file.type }) }, progress, signal);
  const { width, height } = media.meta.original;
  file.media = media.id;
  file.preview = media.preview_url;
  file.shape = width && height ? { width, height } : file.shape;
  file.sourceType = media.majlis.source_type;
}

/**
 * Keeps the bytes of a file; false where there is no room for them.
 * @param {WrittenFile} file
 * @param {Blob} blob
 */
export function keepBytes(file, blob) {
  return write("files", { id: file.id, blob, at: Date.now() }).then(() => true, () => false);
}

/**
 * @param {WrittenFile} file
 * @returns {Promise<Blob | null>}
 */
export async function bytesOf(file) {
  return (await read("files", file.id))?.blob ?? null;
}

/**
 * Whether the node has a file still: it forgets those that no post names after a day, and when it stops.
 * @param {WrittenFile} file
 */
export async function isThere({ media, isKept }) {
  if (isKept) return true;
  if (!media) return false;
  return get(`/api/v1/media/${media}`).then(
    () => true,
    (error) => {
      if (error instanceof Refused && error.status === 404) return false;
      throw error;
    },
  );
}

/**
 * Sees to it that the node has a file, and what is said of it.
 * @param {WrittenFile} file
 */
export async function settle(file) {
  if (file.isKept) return;
  if (!(await isThere(file))) {
    const blob = await bytesOf(file);
    if (!blob) throw new Refused(410, t("files.lost", { name: file.name }));
    await handOver(file, blob);
  }
  await change(`/api/v1/media/${file.media}`, said(file));
}

/**
 * What is said of a file, in the form of the node.
 * @param {WrittenFile} file
 */
export function said({ alt, focus }) {
  return { description: alt.trim(), ...(focus ? { focus: `${focus.x.toFixed(2)},${focus.y.toFixed(2)}` } : {}) };
}

/**
 * The node need not keep it any longer. Nothing hangs on that: it forgets it by itself.
 * @param {WrittenFile} file
 */
export function letGo({ media, isKept }) {
  if (media && !isKept) remove(`/api/v1/media/${media}`).catch(() => {});
}
