// Choosing a picture: what there is now, what it is to be, and what it shows in words.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { say } from "../core/say.js";
import { session } from "../core/session.js";
import { bytes, t } from "../core/words.js";

/** @typedef {{element: HTMLElement, file: () => File | null, described: () => string, isRemoved: () => boolean, end: () => void}} PictureField */

let count = 0;

/**
 * @param {string} label
 * @param {string | null} now The address of the picture that there is.
 * @param {string} shape `round` or `wide`
 * @returns {PictureField}
 */
export function pictureField(label, now, shape) {
  const id = `picture-${(count += 1)}`;
  /** @type {File | null} */
  let file = null;
  let [isRemoved, url] = [false, ""];
  const frame = el("span", { class: `picture-frame ${shape}` });
  const alt = el("input", {
    class: "input",
    dir: "auto",
    maxlength: 1000,
    placeholder: t("profile.alt"),
    "aria-label": `${label}: ${t("profile.alt")}`,
  });
  const takeAway = el("button", { type: "button", class: "button little", onclick: () => take(null) }, t("action.remove"));
  const types = session.limits.fileTypes.filter((type) => type.startsWith("image/"));
  const box = el("input", {
    type: "file",
    id,
    class: "unseen",
    accept: types.join() || "image/*",
    onchange: () => box.files?.[0] && take(box.files[0]),
  });
  const draw = () => {
    const shown = file ? url : isRemoved ? null : now;
    put(frame, shown ? el("img", { src: shown, alt: "" }) : icon("picture"));
    alt.hidden = file === null;
    takeAway.hidden = shown === null;
  };
  const end = () => url && URL.revokeObjectURL(url);
  const take = (/** @type {File | null} */ taken) => {
    const { fileSize } = session.limits;
    if (taken && taken.size > fileSize) return say(t("profile.picture.large", { size: bytes(fileSize) }), { isError: true });
    end();
    [file, isRemoved, url] = [taken, taken === null, taken ? URL.createObjectURL(taken) : ""];
    box.value = "";
    draw();
  };
  draw();
  const element = el(
    "div",
    { class: "picture-field", role: "group", "aria-label": label },
    frame,
    el(
      "div",
      { class: "grow stack" },
      el("strong", null, label),
      el(
        "div",
        { class: "row" },
        box,
        el("label", { class: "button little", for: id }, icon("camera"), t("profile.picture.choose")),
        takeAway,
      ),
      alt,
    ),
  );
  drop(element, take);
  return { element, file: () => file, described: () => alt.value.trim(), isRemoved: () => isRemoved && now !== null, end };
}

/**
 * A picture may be dropped on it as well.
 * @param {HTMLElement} element
 * @param {(file: File) => void} take
 */
function drop(element, take) {
  element.addEventListener("dragover", (event) => event.preventDefault());
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file?.type.startsWith("image/")) take(file);
  });
}
