// In the place of a post that is not here.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t, tt } from "../core/words.js";
import { shortKey } from "./name.js";

/**
 * @param {import("../core/types.js").StatusExtra["reply_to"]} post
 */
export function missing(post) {
  const name = post && el("bdi", null, post.name || shortKey(post.account.replace(/^did:key:/, "")));
  return el(
    "p",
    { class: "thread-missing soft" },
    icon("clock"),
    el("span", null, name ? tt("thread.missing_of", { name }) : t("thread.missing")),
  );
}

/**
 * As long as it is not known whether it is here.
 * @param {NonNullable<import("../core/types.js").StatusExtra["reply_to"]>} post
 */
export function awaitedAbove(post) {
  const name = el("bdi", null, post.name || shortKey(post.account.replace(/^did:key:/, "")));
  return el("p", { class: "thread-missing soft" }, icon("reply"), el("span", null, tt("post.answers", { name })));
}

/** What was here until now. */
export function takenBack() {
  return el("p", { class: "thread-missing soft", role: "status" }, icon("trash"), el("span", null, t("thread.gone")));
}
