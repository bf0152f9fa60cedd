// A file of a post that is being written: how far it has come, what it shows, and what must stay in view of it.

import { Refused } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason } from "../core/say.js";
import { bytes, percent, t } from "../core/words.js";
import { bytesOf, handOver, isThere } from "./attachments-files.js";
import { focalPoint } from "./attachments-focus.js";
import { sourceTypeName } from "./source-type.js";

/** @typedef {import("./composer-state.js").WrittenFile} WrittenFile */

/** Letters of an alternative text: as many as always fit. */
const MOST = 1_000;

/** Times that a file is tried once more by itself. */
const AGAIN = 3;

let count = 0;

/**
 * @param {WrittenFile} file
 * @param {Blob | null} blob Its bytes, where they are at hand.
 * @param {{changed: () => void, remove: () => void, move: (step: -1 | 1) => void}} actions
 */
export function attachmentCard(file, blob, { changed, remove, move }) {
  const id = `attachment-${(count += 1)}`;
  const isPicture = file.type.startsWith("image/");
  const state = el("div", { class: "attachment-state", role: "status" });
  const source = el("span");
  const showSource = () => void put(source, file.sourceType && ` · ${sourceTypeName(file.sourceType)}`);
  const view = focalPoint(file, changed);
  const words = el("textarea", {
    class: "input",
    id,
    rows: 2,
    dir: "auto",
    maxlength: MOST,
    ".value": file.alt,
    placeholder: t(isPicture ? "files.alt.picture" : "files.alt.other"),
    oninput: () => ((file.alt = words.value), changed()),
  });
  const tool = (/** @type {string} */ name, /** @type {"up" | "down" | "trash"} */ picture, /** @type {() => void} */ onclick) =>
    el("button", { type: "button", class: "icon-button", title: t(name), "aria-label": t(name), onclick }, icon(picture));
  const earlier = tool("files.earlier", "up", () => (move(-1), (earlier.disabled ? later : earlier).focus()));
  const later = tool("files.later", "down", () => (move(1), (later.disabled ? earlier : later).focus()));
  const element = el(
    "li",
    { class: "attachment" },
    view.element,
    el("div", { class: "attachment-words field" }, el("label", { for: id }, t(isPicture ? "files.alt" : "files.alt.sound")), words, el("p", { class: "small soft" }, el("bdi", null, file.name), file.size > 0 && ` · ${bytes(file.size)}`, source), state),
    el("div", { class: "attachment-tools" }, tool("files.remove", "trash", remove), earlier, later),
  );

  let stopper = new AbortController();
  /** @type {unknown} */
  let wrong = null;
  /** @type {Promise<void>} */
  let going = Promise.resolve();
  let isBusy = false;
  let tries = 0;

  const begin = () => {
    if (isBusy || file.isKept) return;
    isBusy = true;
    wrong = null;
    stopper = new AbortController();
    going = bring().catch(stopped).finally(() => ((isBusy = false), changed()));
  };

  const bring = async () => {
    blob ??= await bytesOf(file);
    if (blob) view.show(blob);
    if (await isThere(file)) return void put(state);
    if (!blob) throw new Refused(410, t("files.lost", { name: file.name }));
    const bar = el("span");
    const part = el("span", { class: "small soft" });
    put(state, el("div", { class: "bar", "aria-hidden": true }, bar), part);
    await handOver(file, blob, (done) => ((bar.style.inlineSize = `${done * 100}%`), put(part, done < 1 ? percent(done) : t("files.working"))), stopper.signal);
    put(state);
    view.show(blob);
    showSource();
  };

  const stopped = (/** @type {unknown} */ error) => {
    if (error instanceof DOMException && error.name === "AbortError") return void put(state);
    wrong = error;
    put(state, el("span", { class: "wrong-words small" }, reason(wrong)), el("button", { type: "button", class: "button little", onclick: () => ((tries = 0), begin()) }, t("action.again")));
  };

  showSource();
  begin();
  return {
    element,
    words,
    start: begin,
    /** Once more, if it has failed as the node was away. */
    again: () => wrong instanceof Refused && wrong.isAway && tries < AGAIN && ((tries += 1), begin()),
    stop: () => (stopper.abort(), view.stop()),
    settled: () => going,
    isBusy: () => isBusy,
    /** Whether it would not come through later either. */
    isRefused: () => wrong !== null && !(wrong instanceof Refused && wrong.isAway),
    /**
     * @param {number} at
     * @param {number} all
     */
    placed(at, all) {
      earlier.disabled = at === 0;
      later.disabled = at === all - 1;
      earlier.hidden = later.hidden = all < 2;
    },
  };
}
