// How files come to a post: by a button, by the camera, by dragging and by pasting.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";

/** @typedef {(files: File[]) => void} Take */

/**
 * @param {HTMLElement} element Where one writes.
 * @param {Take} take
 */
export function waysIn(element, take) {
  element.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // What office programs copy is words, with a picture of the words.
    if (files.length === 0 || event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    take(files);
  });
  const isTouched = matchMedia("(pointer: coarse)").matches;
  return {
    buttons: [
      button(t("files.add"), "picture", take, { multiple: true, accept: session.limits.fileTypes.join(",") }),
      isTouched && button(t("files.camera"), "camera", take, { accept: "image/*", capture: "environment" }),
    ],
    stop: dropping(element, take),
  };
}

/**
 * @param {string} words
 * @param {"picture" | "camera"} picture
 * @param {Take} take
 * @param {import("../core/dom.js").Attributes} attributes
 */
function button(words, picture, take, attributes) {
  const input = el("input", { type: "file", class: "unseen", tabindex: -1, "aria-hidden": true, ...attributes });
  input.addEventListener("change", () => (take([...(input.files ?? [])]), (input.value = "")));
  return el("span", { class: "file-button" }, el("button", { type: "button", class: "icon-button", title: words, "aria-label": words, onclick: () => input.click() }, icon(picture)), input);
}

/**
 * Files that are let go anywhere on the page are meant for what is being written; the browser would leave the page for
 * them.
 * @param {HTMLElement} element
 * @param {Take} take
 * @returns {() => void} Ends it.
 */
function dropping(element, take) {
  const isMeant = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") && [...document.querySelectorAll(".writing")].at(-1) === element;
  const show = (/** @type {boolean} */ isOver) => element.classList.toggle("dropping", isOver);
  const over = (/** @type {DragEvent} */ event) => {
    if (!isMeant(event)) return;
    event.preventDefault();
    show(true);
  };
  const out = (/** @type {DragEvent} */ event) => event.relatedTarget === null && show(false);
  const drop = (/** @type {DragEvent} */ event) => {
    if (!isMeant(event)) return;
    event.preventDefault();
    show(false);
    take([...(event.dataTransfer?.files ?? [])]);
  };
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", out);
  document.addEventListener("drop", drop);
  return () => {
    document.removeEventListener("dragover", over);
    document.removeEventListener("dragleave", out);
    document.removeEventListener("drop", drop);
  };
}
