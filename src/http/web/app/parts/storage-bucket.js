// The bucket in which files lie, where the owner has set one: how much is there, what waits, and what is wrong with it.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { bytes, t } from "../core/words.js";

/** @param {import("../core/types.js").Bucket | null} bucket */
export function bucketCard(bucket) {
  if (bucket === null) return null;
  const { place, trouble, files, local_bytes: local, waiting_files: waiting, waiting_bytes: waitingBytes } = bucket;
  return el(
    "div",
    { class: "thing" },
    icon(trouble === null ? "globe" : "warning"),
    el(
      "div",
      { class: "grow" },
      el("strong", null, t("storage.bucket")),
      el("p", { class: "small" }, el("bdi", { class: "key" }, place)),
      el("p", { class: "soft small" }, t("storage.bucket.files", { n: files, size: bytes(bucket.bytes), local: bytes(local) })),
      waiting > 0 && el("p", { class: "soft small" }, t("storage.bucket.waiting", { n: waiting, size: bytes(waitingBytes) })),
      trouble !== null && el("p", { class: "small" }, t("storage.bucket.trouble"), " ", el("bdi", { lang: "en" }, trouble)),
    ),
  );
}
