// A picture with all the window to itself. A click, Enter or two fingers bring it nearer, where it can be moved.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { bytes, t } from "../core/words.js";
import { blur } from "./blurhash.js";
import { aspectOf } from "./media-picture.js";

/** @typedef {import("../core/types.js").Media} Media */

/** How much nearer a click brings it, and the nearest. */
const [NEARER, NEAREST] = [2.5, 8];
/** Pixels within which a finger is taken to have stayed. */
const STAYED = 6;

/** @param {Media} media */
export function lightboxPicture(media) {
  const frame = el("div", { class: "lightbox-frame" });
  const { width, height } = media.meta.original ?? {};
  const small = media.preview_url === media.url ? null : el("img", { class: "lightbox-small", src: media.preview_url, alt: "" });
  const hash = !small && media.blurhash ? blur(media.blurhash, aspectOf(media)) : null;
  const wait = el("div", { class: "lightbox-wait" });
  const whole = () => {
    const image = el("img", {
      class: "lightbox-whole",
      src: media.url,
      alt: media.description ?? t("media.picture"),
      width,
      height,
      draggable: "false",
    });
    put(wait, el("div", { class: "spinner", role: "status", "aria-label": t("feed.loading") }));
    image.addEventListener("load", () => (image.classList.add("here"), small?.remove(), hash?.remove(), wait.remove()));
    image.addEventListener("error", () => {
      image.remove();
      put(wait, el("p", null, t("media.away")), el("button", { class: "button little", onclick: whole }, t("action.again")));
    });
    wait.before(image);
    near(frame, image);
  };
  frame.style.setProperty("--aspect", String(aspectOf(media)));
  put(frame, small ?? hash, wait);
  if (media.majlis.held) whole();
  else
    put(
      wait,
      el("button", { class: "button little", onclick: whole }, icon("download"), t("media.fetch", { size: bytes(media.majlis.size) })),
    );
  return frame;
}

/**
 * @param {HTMLElement} frame
 * @param {HTMLElement} image
 */
function near(frame, image) {
  let [scale, x, y, moved] = [1, 0, 0, 0];
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  const draw = () => {
    const most = { x: (frame.clientWidth * (scale - 1)) / 2, y: (frame.clientHeight * (scale - 1)) / 2 };
    x = Math.max(-most.x, Math.min(most.x, x));
    y = Math.max(-most.y, Math.min(most.y, y));
    frame.classList.toggle("large", scale > 1);
    image.style.transform = scale > 1 ? `translate(${x}px, ${y}px) scale(${scale})` : "";
  };
  const turn = (/** @type {{clientX: number, clientY: number} | null} */ point) => {
    const box = frame.getBoundingClientRect();
    scale = scale > 1 ? 1 : NEARER;
    x = point ? (box.left + box.width / 2 - point.clientX) * (scale - 1) : 0;
    y = point ? (box.top + box.height / 2 - point.clientY) * (scale - 1) : 0;
    draw();
  };
  image.tabIndex = 0;
  image.addEventListener("keydown", (event) => event.key === "Enter" && turn(null));
  image.addEventListener("pointerdown", (event) => {
    image.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) moved = 0;
  });
  image.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const width = spread();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const way = { x: event.clientX - before.x, y: event.clientY - before.y };
    moved += Math.hypot(way.x, way.y);
    if (width) scale = Math.max(1, Math.min(NEAREST, (scale * spread()) / width));
    else if (scale > 1) [x, y] = [x + way.x, y + way.y];
    draw();
  });
  image.addEventListener("pointerup", (event) => {
    const isClick = fingers.size === 1 && moved < STAYED;
    fingers.delete(event.pointerId);
    if (isClick) turn(event);
  });
  image.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
}
