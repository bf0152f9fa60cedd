// The files of a post that is being written: they come by a button, by the camera, by dragging and by pasting, and are
// handed over at once.

import { connection } from "../core/api.js";
import { el } from "../core/dom.js";
import { say } from "../core/say.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { attachmentCard } from "./attachments-card.js";
import { keepBytes, letGo, refusal, taken } from "./attachments-files.js";
import { erase } from "./drafts-store.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {import("./composer-state.js").WrittenFile} WrittenFile */
/** @typedef {ReturnType<typeof attachmentCard>} Card */

/** Milliseconds for which a file that was taken out can be put back. */
const UNDO = 9_000;

/**
 * @param {Writing} writing
 * @param {() => void} changed
 */
export function attachments(writing, changed) {
  const list = el("ol", { class: "attachments", "aria-label": t("files.title"), hidden: true });
  /** @type {Map<WrittenFile, Card>} */
  const cards = new Map();

  const show = () => {
    list.hidden = writing.files.length === 0;
    for (const [file, card] of cards) if (!writing.files.includes(file)) card.element.remove();
    writing.files.forEach((file, at) => {
      const card = cards.get(file) ?? made(file, null);
      if (list.children[at] !== card.element) list.insertBefore(card.element, list.children[at] ?? null);
      card.placed(at, writing.files.length);
    });
  };
  const moved = () => (show(), changed());

  const made = (/** @type {WrittenFile} */ file, /** @type {Blob | null} */ blob) => {
    const card = attachmentCard(file, blob, {
      changed,
      remove: () => takeOut(file),
      move: (step) => {
        const at = writing.files.indexOf(file);
        writing.files.splice(at, 1);
        writing.files.splice(at + step, 0, file);
        moved();
      },
    });
    cards.set(file, card);
    return card;
  };

  const takeOut = (/** @type {WrittenFile} */ file) => {
    const at = writing.files.indexOf(file);
    const next = writing.files[at + 1] ?? writing.files[at - 1];
    writing.files.splice(at, 1);
    cards.get(file)?.stop();
    moved();
    (next ? cards.get(next)?.element.querySelector("textarea") : list.closest(".writing")?.querySelector("textarea"))?.focus();
    const gone = setTimeout(() => (cards.delete(file), letGo(file), void erase("files", file.id)), UNDO);
    say(t("files.removed"), {
      action: t("action.undo"),
      onaction: () => {
        clearTimeout(gone);
        writing.files.splice(at, 0, file);
        moved();
        cards.get(file)?.start();
      },
    });
  };

  /** @param {Iterable<File>} files */
  const take = async (files) => {
    /** @type {string[]} */
    const refused = [];
    for (const one of files) {
      const why = writing.files.length >= session.limits.files ? t("files.many", { n: session.limits.files }) : refusal(one);
      if (why) {
        if (!refused.includes(why)) refused.push(why);
        continue;
      }
      const file = taken(one);
      writing.files.push(file);
      made(file, one);
      show();
      if (!(await keepBytes(file, one))) say(t("files.notKept", { name: file.name }), { isError: true });
    }
    changed();
    if (refused.length) say(refused.join(" "), { isError: true });
  };

  const again = () => cards.forEach((card) => card.again());
  connection.addEventListener("back", again);
  show();
  return {
    element: list,
    take,
    /** Resolves when nothing is on its way any more. */
    settled: () => Promise.all(writing.files.map((file) => cards.get(file)?.settled())),
    isRefused: () => writing.files.some((file) => cards.get(file)?.isRefused()),
    isBusy: () => writing.files.some((file) => cards.get(file)?.isBusy()),
    /** @returns {HTMLElement | null | undefined} The first field for words about a picture that has none. */
    undescribed: () => writing.files.map((file) => !file.alt.trim() && file.type.startsWith("image/") && cards.get(file)).filter((card) => !!card).map((card) => card.words)[0],
    stop: () => (connection.removeEventListener("back", again), cards.forEach((card) => card.stop())),
  };
}
