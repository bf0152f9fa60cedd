// A picture in a post: its colours first, then itself; its words at a button; large at a press.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { setting } from "../core/session.js";
import { bytes, t } from "../core/words.js";
import { altButton } from "./alt.js";
import { blur } from "./blurhash.js";
import { isAiMade, sourceTypeName } from "./source-type.js";

/** @typedef {import("../core/types.js").Media} Media */

/** How wide and how tall a picture that stands alone may be: others are cut, and seen whole when they are opened. */
const [TALL, WIDE] = [0.7, 2.6];

/** How much larger than it is a little picture is shown, and how wide at least. */
const [LARGER, LEAST] = [1.25, 200];

/**
 * @typedef {object} Options
 * @property {boolean} isOwn
 * @property {boolean} isAlone
 * @property {number} more How many others there is no room for.
 * @property {(from: HTMLElement) => Promise<void>} open
 */

/**
 * @param {Media} media
 * @param {Options} options
 */
export function picture(media, options) {
  const tile = el("figure", { class: "media-tile" });
  if (options.isAlone) {
    tile.style.setProperty("--aspect", String(Math.min(WIDE, Math.max(TALL, aspectOf(media)))));
    const { width } = media.meta.original ?? {};
    if (width) tile.style.setProperty("--most", `${Math.max(LEAST, width * LARGER)}px`);
  }
  const isMissing = !media.majlis.held && media.preview_url === media.url;
  if (isMissing) awaited(tile, media, options);
  else show(tile, media, options);
  return tile;
}

/** @param {Media} media */
export function aspectOf({ meta: { original, small } }) {
  return original?.aspect ?? small?.aspect ?? 4 / 3;
}

/**
 * Whether it moves by itself: where the owner wants that, and the system does not ask for stillness.
 * @param {Media} media
 */
function moves({ type, majlis }) {
  return type === "gifv" && majlis.held && setting("autoplay") && !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * @param {HTMLElement} tile
 * @param {Media} media
 * @param {Options} options
 */
function show(tile, media, options) {
  const { width, height } = media.meta.small ?? {};
  const image = el("img", {
    src: moves(media) ? media.url : media.preview_url,
    alt: media.description ?? "",
    loading: "lazy",
    decoding: "async",
    width,
    height,
  });
  image.style.objectPosition = focus(media);
  const hash = media.blurhash ? blur(media.blurhash, aspectOf(media)) : null;
  image.addEventListener("load", () => {
    image.classList.add("here");
    // The colours are seen through what is transparent.
    hash?.remove();
  });
  image.addEventListener("error", () => broken(tile, media, options));
  const label = media.description || t("media.picture");
  const button = el(
    "button",
    { class: "media-open", "aria-label": t("media.open", { what: label }), onclick: () => void options.open(button).catch(failed) },
    hash,
    image,
    options.more > 0 && el("span", { class: "media-more" }, `+${options.more}`),
  );
  put(tile, button, corner(media, options));
}

/**
 * @param {Media} media
 * @param {Options} options
 */
function corner(media, { isOwn }) {
  const { source_type: made } = media.majlis;
  return el(
    "figcaption",
    { class: "media-corner" },
    altButton(media.description, isOwn),
    media.type === "gifv" && el("span", { class: "media-mark" }, "GIF"),
    made && isAiMade(made) && el("span", { class: "media-mark", title: sourceTypeName(made) }, icon("sparkle", sourceTypeName(made))),
  );
}

/**
 * Not here yet, and too large to be fetched unasked.
 * @param {HTMLElement} tile
 * @param {Media} media
 * @param {Options} options
 */
function awaited(tile, media, options) {
  const fetchIt = () => {
    show(tile, media, options);
    /** @type {HTMLElement | null} */ (tile.querySelector(".media-open"))?.focus();
  };
  const button = el(
    "button",
    { class: "button little media-fetch", onclick: fetchIt },
    icon("download"),
    t("media.fetch", { size: bytes(media.majlis.size) }),
  );
  put(tile, el("div", { class: "media-awaited" }, media.blurhash && blur(media.blurhash, aspectOf(media)), button), corner(media, options));
}

/**
 * @param {HTMLElement} tile
 * @param {Media} media
 * @param {Options} options
 */
function broken(tile, media, options) {
  const again = () => show(tile, media, options);
  put(
    tile,
    el(
      "div",
      { class: "media-awaited" },
      media.blurhash && blur(media.blurhash, aspectOf(media)),
      el(
        "div",
        { class: "media-broken" },
        el("p", null, t("media.away")),
        media.description && el("p", { class: "small", dir: "auto" }, media.description),
        el("button", { class: "button little media-fetch", onclick: again }, t("action.again")),
      ),
    ),
  );
}

/**
 * What cropping keeps: given from the centre, to the right and upward.
 * @param {Media} media
 */
function focus({ meta: { focus: point } }) {
  return point ? `${50 + 50 * point.x}% ${50 - 50 * point.y}%` : "50% 50%";
}
