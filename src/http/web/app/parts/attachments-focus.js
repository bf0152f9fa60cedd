// What a file shows, and the point of a picture that stays in view where it is cut: by a click, or the arrow keys.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";

/** @typedef {import("./composer-state.js").WrittenFile} WrittenFile */

const STEP = 0.1;

/**
 * @param {WrittenFile} file
 * @param {() => void} changed
 */
export function focalPoint(file, changed) {
  /** @type {string | null} */
  let address = null;
  const kind = file.type.split("/")[0];
  const element = el("div", { class: "attachment-view" });
  const dot = el("span", { class: "focal-dot", "aria-hidden": true });

  const at = () => file.focus ?? { x: 0, y: 0 };
  const mark = () => {
    const [left, top] = [((at().x + 1) / 2) * 100, ((1 - at().y) / 2) * 100];
    element.style.setProperty("--focus", `${left}% ${top}%`);
    dot.style.left = `${left}%`;
    dot.style.top = `${top}%`;
  };
  const set = (/** @type {number} */ x, /** @type {number} */ y) => {
    const within = (/** @type {number} */ value) => Math.max(-1, Math.min(1, Math.round(value * 100) / 100));
    file.focus = { x: within(x), y: within(y) };
    mark();
    changed();
  };

  const small = () => {
    const source = address ?? file.preview;
    const picture = kind === "image" ? source : file.preview;
    element.classList.remove("open");
    if (!picture) return put(element, el("span", { class: "attachment-kind" }, icon(kind === "image" ? "picture" : kind === "video" ? "play" : "mute")));
    const image = el("img", { src: picture, alt: "" });
    put(element, kind === "image" ? el("button", { type: "button", title: t("files.focus"), "aria-label": t("files.focus"), onclick: large }, image) : image);
  };

  const large = () => {
    const image = el("img", { src: address ?? file.preview, alt: "" });
    if (file.shape) Object.assign(image, file.shape);
    const board = el("button", { type: "button", class: "focal-board", "aria-label": t("files.focus.words"), onclick: choose, onkeydown: nudge }, image, dot);
    const done = el("button", { type: "button", class: "button little", onclick: () => (small(), element.querySelector("button")?.focus()) }, t("action.done"));
    element.classList.add("open");
    put(element, board, el("div", { class: "row" }, el("span", { class: "small soft grow" }, t("files.focus.words")), done));
    mark();
    board.focus();
    image.decode().catch(() => {}).then(() => element.scrollIntoView({ block: "center" }));
  };

  const choose = (/** @type {MouseEvent} */ event) => {
    // A click by the keyboard has no place.
    if (event.detail === 0) return;
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
  };
  const nudge = (/** @type {KeyboardEvent} */ event) => {
    const step = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] })[event.key];
    if (!step) return;
    event.preventDefault();
    set(at().x + step[0], at().y + step[1]);
  };

  mark();
  small();
  return {
    element,
    /** @param {Blob} blob */
    show(blob) {
      if (kind === "image") address ??= URL.createObjectURL(blob);
      if (!element.classList.contains("open")) small();
    },
    stop() {
      if (address) URL.revokeObjectURL(address);
      address = null;
    },
  };
}
