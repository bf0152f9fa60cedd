// A post within another that quotes it. What that one quotes is not shown in it.

import { el } from "../core/dom.js";
import { go } from "../core/router.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { warningFold } from "./folds.js";
import { media } from "./media.js";
import { nameOf } from "./name.js";
import { postPath } from "./paths.js";
import { paragraphs } from "./text.js";
import { timeOf } from "./time.js";

/** @typedef {import("../core/types.js").Status} Status */

/** Characters of its text that are shown. */
const SHOWN = 320;

/** @param {Status} status */
export function quoted({ quote }) {
  if (!quote) return null;
  const status = quote.quoted_status;
  if (!status) return el("p", { class: "post-quote none soft" }, t(quote.state === "deleted" ? "quote.gone" : "quote.awaited"));
  const path = postPath(status);
  return el(
    "blockquote",
    {
      class: "post-quote",
      cite: path,
      onclick: (/** @type {MouseEvent} */ event) => {
        const isOwn = event.target instanceof Element && !event.target.closest("a, button, video, audio, .covered");
        if (isOwn && getSelection()?.isCollapsed !== false) go(path);
      },
    },
    el(
      "header",
      { class: "post-head" },
      avatar(status.account, { size: "little" }),
      el("a", { class: "post-name", href: `/@${status.account.acct}` }, nameOf(status.account)),
      el("span", { class: "post-marks" }, el("a", { class: "post-time", href: path }, timeOf(status.created_at))),
    ),
    warningFold(status, () => [
      el("div", { class: "post-text", lang: status.language }, paragraphs(status.majlis.parts, SHOWN)),
      media(status),
    ]),
  );
}
