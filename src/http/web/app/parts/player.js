// Sound and video, in the browser's own player. Only one plays at a time.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { bytes, duration, t } from "../core/words.js";
import { altButton } from "./alt.js";
import { blur } from "./blurhash.js";
import { aspectOf } from "./media-picture.js";

/** @typedef {import("../core/types.js").Media} Media */

/** A video that is taller is shown with room beside it. */
const TALL = 0.8;

document.addEventListener(
  "play",
  ({ target }) => {
    for (const other of document.querySelectorAll("video, audio")) {
      if (other !== target) /** @type {HTMLMediaElement} */ (other).pause();
    }
  },
  true,
);

/**
 * @param {Media} media
 * @param {boolean} isOwn
 */
export function video(media, isOwn) {
  const frame = el("figure", { class: "player" });
  frame.style.setProperty("--aspect", String(Math.max(TALL, aspectOf(media))));
  const poster = media.preview_url === media.url ? null : media.preview_url;
  const play = (/** @type {boolean} */ isWanted) => {
    const player = el("video", {
      src: media.url,
      poster,
      controls: true,
      playsinline: true,
      preload: "metadata",
      autoplay: isWanted,
      "aria-label": media.description || t("media.video"),
    });
    player.addEventListener("error", () => broken(frame, () => play(true)));
    put(frame, player, corner(media, isOwn, !isWanted));
    player.addEventListener("play", () => frame.querySelector(".player-length")?.remove(), { once: true });
    if (isWanted) player.focus();
  };
  if (media.majlis.held) play(false);
  else {
    const button = el(
      "button",
      { class: "button little media-fetch", onclick: () => play(true) },
      icon("play"),
      t("media.fetch", { size: bytes(media.majlis.size) }),
    );
    const still = poster
      ? el("img", { src: poster, alt: media.description ?? "", loading: "lazy", decoding: "async" })
      : media.blurhash && blur(media.blurhash, aspectOf(media));
    put(frame, el("div", { class: "media-awaited" }, still, button), corner(media, isOwn, true));
  }
  return frame;
}

/**
 * @param {Media} media
 * @param {boolean} isOwn
 * @param {boolean} hasLength
 */
function corner(media, isOwn, hasLength) {
  const seconds = media.meta.original?.duration;
  return el(
    "figcaption",
    { class: "media-corner top" },
    altButton(media.description, isOwn),
    hasLength && seconds && el("span", { class: "media-mark player-length" }, duration(seconds)),
  );
}

/**
 * @param {HTMLElement} frame
 * @param {() => void} again
 */
function broken(frame, again) {
  put(
    frame,
    el(
      "div",
      { class: "media-awaited" },
      el(
        "div",
        { class: "media-broken" },
        el("p", null, t("media.away")),
        el("button", { class: "button little media-fetch", onclick: again }, t("action.again")),
      ),
    ),
  );
}

/**
 * @param {Media} media
 * @param {boolean} isOwn
 */
export function audio(media, isOwn) {
  const { name, size, held } = media.majlis;
  const seconds = media.meta.original?.duration;
  const title = media.description || name || t("media.sound");
  const row = el("figure", { class: "sound" });
  const head = el(
    "figcaption",
    { class: "sound-head" },
    el("span", { class: "grow sound-title", dir: "auto" }, title),
    seconds && el("span", { class: "soft small" }, duration(seconds)),
    !media.description && altButton(null, isOwn),
  );
  const play = (/** @type {boolean} */ isWanted) => {
    const player = el("audio", { src: media.url, controls: true, preload: "metadata", autoplay: isWanted, "aria-label": title });
    player.addEventListener("error", () =>
      put(
        row,
        head,
        el("p", { class: "small" }, t("media.away")),
        el("button", { class: "button little", onclick: () => play(true) }, t("action.again")),
      ),
    );
    put(row, head, player);
    if (isWanted) player.focus();
  };
  if (held) play(false);
  else
    put(
      row,
      head,
      el(
        "button",
        { class: "button little media-fetch", onclick: () => play(true) },
        icon("play"),
        t("media.fetch", { size: bytes(size) }),
      ),
    );
  return row;
}
