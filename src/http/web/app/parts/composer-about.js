// What one writes about: the post that is answered or quoted, in small form.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t, tt } from "../core/words.js";
import { avatar } from "./avatar.js";
import { nameOf } from "./name.js";
import { paragraphs, plainText } from "./text.js";

/** @typedef {import("../core/types.js").Status} Status */

/** Letters of it that are shown. */
const SHOWN = 400;

/**
 * @param {Status} status
 * @param {"reply" | "quote"} how
 */
export function about(status, how) {
  const picture = status.media_attachments.find(({ type }) => type === "image");
  const warning = status.spoiler_text || (status.sensitive && t("write.about.covered"));
  const hasWords = plainText(status.majlis.parts).trim() !== "";
  const words = el("blockquote", { class: "about-words" }, warning ? el("p", { dir: "auto" }, icon("warning"), " ", el("bdi", null, warning)) : hasWords ? paragraphs(status.majlis.parts, SHOWN) : el("p", { class: "soft" }, status.poll ? t("write.about.poll") : t("write.about.files", { n: status.media_attachments.length })));
  // Only what is cut fades out.
  requestAnimationFrame(() => words.classList.toggle("long", words.scrollHeight > words.clientHeight + 2));
  return el(
    "figure",
    { class: `about ${how}` },
    how === "reply" && avatar(status.account, { isLink: false }),
    el(
      "div",
      { class: "grow" },
      el("figcaption", { class: "small soft about-who" }, how === "quote" && avatar(status.account, { isLink: false, size: "little" }), el("span", null, tt(`write.about.${how}`, { name: nameOf(status.account) }))),
      words,
    ),
    picture && !warning && el("img", { class: "about-picture", src: picture.preview_url, alt: picture.description ?? "", width: 64, height: 64, loading: "lazy" }),
  );
}
