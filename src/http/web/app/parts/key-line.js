// Someone's key, and what it is good for.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { shortKey } from "./name.js";

/** @param {import("../core/types.js").Account} account */
export function keyLine({ acct, majlis }) {
  const copy = () => navigator.clipboard.writeText(majlis.account).then(() => say(t("action.copied")), failed);
  return el(
    "details",
    { class: "key-line" },
    el(
      "summary",
      null,
      icon("key"),
      el("span", { class: "key" }, shortKey(acct)),
      el("span", { class: "soft small" }, t(majlis.own ? "profile.key.own" : "profile.key")),
    ),
    el(
      "div",
      { class: "stack" },
      el("p", { class: "soft small" }, t(majlis.own ? "profile.key.own.words" : "profile.key.words")),
      el(
        "div",
        { class: "row" },
        el("code", { class: "key grow" }, majlis.account),
        el("button", { class: "button little", onclick: copy }, icon("copy"), t("profile.key.copy")),
      ),
    ),
  );
}
