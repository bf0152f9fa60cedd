// Pictures of a post, one after the other, as large as there is room for.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { lightboxPicture } from "./lightbox-picture.js";

/** @typedef {import("../core/types.js").Media} Media */

/** Pixels that a finger has to go for the next picture. */
const SWIPE = 60;

/**
 * @param {Media[]} all
 * @param {number} first
 * @param {HTMLElement} from Has the focus again in the end.
 */
export function openLightbox(all, first, from) {
  let at = first;
  const stage = el("div", { class: "lightbox-stage" });
  const words = el("div", { class: "lightbox-words" });
  const position = el("span", { class: "lightbox-position", role: "status" });
  const saving = el("a", { class: "icon-button", "aria-label": t("media.save"), title: t("media.save") }, icon("download"));
  const close = () => dialog.close();
  const step = (/** @type {number} */ way) => {
    if (all.length > 1) show((at + way + all.length) % all.length);
  };
  const show = (/** @type {number} */ next) => {
    at = next;
    const { description, url, majlis } = all[at];
    saving.href = url;
    saving.download = majlis.name ?? "";
    put(stage, lightboxPicture(all[at]));
    put(words, description ? el("p", { dir: "auto" }, description) : el("p", { class: "soft" }, t("media.undescribed")));
    put(position, all.length > 1 && t("media.position", { n: at + 1, all: all.length }));
    for (const beside of [at + 1, at - 1]) ahead(all[beside]);
  };
  const turn = (/** @type {number} */ way) =>
    all.length > 1 &&
    el(
      "button",
      {
        class: `lightbox-turn ${way > 0 ? "next" : "previous"}`,
        "aria-label": t(way > 0 ? "media.next" : "media.previous"),
        onclick: () => step(way),
      },
      icon("back"),
    );
  const dialog = el(
    "dialog",
    { class: "lightbox", "aria-label": t("media.pictures") },
    el(
      "header",
      null,
      position,
      saving,
      el("button", { class: "icon-button", "aria-label": t("action.close"), onclick: close, autofocus: true }, icon("close")),
    ),
    turn(-1),
    stage,
    turn(1),
    words,
  );
  dialog.addEventListener("keydown", (event) => {
    const isRight = getComputedStyle(dialog).direction === "ltr" ? 1 : -1;
    const way = { ArrowRight: isRight, ArrowLeft: -isRight, j: 1, k: -1 }[event.key];
    if (way) step(way);
    if (event.key === "Home") show(0);
    if (event.key === "End") show(all.length - 1);
  });
  dialog.addEventListener("click", (event) => [stage, dialog].includes(/** @type {any} */ (event.target)) && close());
  dialog.addEventListener("close", () => {
    removeEventListener("popstate", close);
    dialog.remove();
    from.focus({ preventScroll: true });
  });
  addEventListener("popstate", close);
  swiped(stage, step);
  document.body.append(dialog);
  show(first);
  dialog.showModal();
}

/**
 * The browser has it when it is wanted.
 * @param {Media | undefined} media
 */
function ahead(media) {
  if (media?.majlis.held && media.type === "image") new Image().src = media.url;
}

/**
 * @param {HTMLElement} stage
 * @param {(way: number) => void} step
 */
function swiped(stage, step) {
  let [start, fingers] = [0, 0];
  stage.addEventListener("pointerdown", (event) => {
    fingers += 1;
    start = event.clientX;
  });
  stage.addEventListener("pointercancel", () => (fingers = 0));
  stage.addEventListener("pointerup", (event) => {
    const isOne = fingers === 1 && event.pointerType === "touch" && !stage.querySelector(".large");
    fingers = 0;
    const far = event.clientX - start;
    if (!isOne || Math.abs(far) < SWIPE) return;
    const isToNext = far < 0 === (getComputedStyle(stage).direction === "ltr");
    step(isToNext ? 1 : -1);
  });
}
