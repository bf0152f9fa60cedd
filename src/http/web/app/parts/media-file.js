// A file that the page cannot show: it can be taken along.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { bytes, t } from "../core/words.js";

/** @param {import("../core/types.js").Media} media */
export function file({ url, description, majlis: { name, media_type: type, size } }) {
  const title = name || description || type;
  return el(
    "a",
    { class: "media-file", href: url, download: name ?? "" },
    el("span", { class: "media-file-icon" }, icon("download")),
    el(
      "span",
      { class: "grow" },
      el("bdi", { class: "media-file-name" }, title),
      el("span", { class: "soft small" }, t("media.file", { type, size: bytes(size) })),
    ),
  );
}
