// Writing, over the page on which one is.

import { router } from "../core/router.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { begin } from "./composer-begin.js";
import { composerPlace, placed } from "./composer-place.js";
import { noticed, remember } from "./composer-state.js";
import { sheet } from "./sheet.js";

/** @typedef {import("./composer-begin.js").Beginning} Beginning */
/** @typedef {import("./composer-begin.js").Begun} Begun */
/** @typedef {import("./composer-state.js").Writing} Writing */

/** Whether one is being opened, so that two keys do not open two. */
let isOpening = false;

/**
 * Opens the composer, with what was being written there when it was left.
 * @param {Beginning} [beginning]
 */
export function openComposer(beginning = {}) {
  const page = document.querySelector(".write-page textarea");
  const isThere = router.path === "/write" && Object.keys(beginning).length === 0 && page instanceof HTMLElement;
  return isThere ? page.focus() : open(() => begin(beginning));
}

/**
 * Opens it with a piece that lies elsewhere, such as one that could not be sent.
 * @param {Writing} writing
 */
export async function openWriting(writing) {
  await remember(writing);
  await open(() => placed(writing));
}

/** @param {() => Promise<Begun>} beginning */
async function open(beginning) {
  if (isOpening || document.querySelector("dialog.composing")) return;
  isOpening = true;
  try {
    show(await beginning());
  } catch (error) {
    failed(error);
  } finally {
    isOpening = false;
  }
}

/** @param {Begun} begun */
function show(begun) {
  let isSent = false;
  const place = composerPlace(begun, () => ((isSent = true), close()));
  const left = async () => {
    const writing = place.writing();
    const isThere = !isSent && (await place.leave());
    noticed();
    if (isThere) say(t("write.kept"), { action: t("write.goOn"), onaction: () => void openWriting(writing).catch(failed) });
  };
  const { close } = sheet(titleOf(begun.writing), place.element, { class: "composing", onclose: () => void left().catch(failed) });
  place.focus();
}

/** @param {Writing} writing */
function titleOf({ replyTo, quote, edit }) {
  if (edit) return t("write.title.edit");
  return t(replyTo ? "write.title.reply" : quote ? "write.title.quote" : "write.title");
}
