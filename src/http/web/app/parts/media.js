// The files of a post. Room is kept for each before it is there.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { file } from "./media-file.js";
import { picture } from "./media-picture.js";
import { audio, video } from "./player.js";
import { isUnfolded, unfold } from "./unfolded.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("../core/types.js").Media} Media */

/** Pictures of a grid; one that there is no room for is reached through the last. */
const MOST = 9;

/** @param {Status} status */
export function media(status) {
  const all = status.media_attachments;
  if (all.length === 0) return null;
  const pictures = all.filter(({ type }) => type === "image" || type === "gifv");
  const isOwn = status.account.majlis.own;
  const shown = el(
    "div",
    { class: "media" },
    grid(pictures, isOwn),
    all.map((one) => other(one, isOwn)),
  );
  // What has a warning in words is folded with all else already.
  return status.sensitive && !status.spoiler_text ? covered(status, shown) : shown;
}

/**
 * @param {Media} one
 * @param {boolean} isOwn
 */
function other(one, isOwn) {
  if (one.type === "video") return video(one, isOwn);
  if (one.type === "audio") return audio(one, isOwn);
  return one.type === "unknown" && file(one);
}

/**
 * @param {Media[]} pictures
 * @param {boolean} isOwn
 */
function grid(pictures, isOwn) {
  if (pictures.length === 0) return null;
  const open = async (/** @type {number} */ at, /** @type {HTMLElement} */ from) => {
    const { openLightbox } = await import("./lightbox.js");
    openLightbox(pictures, at, from);
  };
  const left = pictures.length - MOST;
  const tiles = pictures
    .slice(0, MOST)
    .map((one, at) =>
      picture(one, { isOwn, isAlone: pictures.length === 1, more: at === MOST - 1 && left > 0 ? left : 0, open: (from) => open(at, from) }),
    );
  const form = pictures.length <= 4 ? `of-${pictures.length}` : "of-many";
  return el("div", { class: `media-grid ${form}` }, tiles);
}

/**
 * @param {Status} status
 * @param {HTMLElement} shown
 */
function covered(status, shown) {
  const what = `media ${status.id}`;
  const cover = el("div", { class: "media-cover" });
  const draw = () => {
    const isOpen = isUnfolded(what);
    shown.classList.toggle("is-covered", !isOpen);
    shown.inert = !isOpen;
    const button = el(
      "button",
      { class: "button little unfold", "aria-expanded": String(isOpen), onclick: turn },
      icon("eye"),
      t(isOpen ? "media.cover" : "media.uncover"),
    );
    cover.classList.toggle("open", isOpen);
    put(cover, button);
  };
  const turn = () => {
    unfold(what, !isUnfolded(what));
    draw();
    cover.querySelector("button")?.focus();
  };
  draw();
  return el("div", { class: "covered" }, shown, cover);
}
