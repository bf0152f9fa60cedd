// This device and its keys, in words for people; the keys themselves for those who want them.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { copyButton } from "./copy.js";
import { noteRecovery, openRecovery, recovery } from "./recovery.js";

/**
 * @param {string} name
 * @param {string} words
 * @param {string} key
 */
function keyRow(name, words, key) {
  return el("li", { class: "thing key-row" }, icon("key"), el("div", { class: "grow" }, el("strong", null, name), el("p", { class: "soft small" }, words), el("code", { class: "key small" }, key)), copyButton(key, name, undefined, { isLittle: true }));
}

/** Whether the phrase is written down, and the way to it where it is not. */
function phraseState() {
  const row = el("div", { class: "thing" });
  const show = () =>
    put(
      row,
      icon(recovery.isWaiting ? "warning" : "check"),
      el("div", { class: "grow" }, el("strong", null, t("recovery.title")), el("p", { class: "soft small" }, t(recovery.isWaiting ? "recovery.waiting" : "recovery.kept"))),
      recovery.isWaiting && el("button", { class: "button main", onclick: openRecovery }, t("recovery.now")),
    );
  recovery.addEventListener("changed", show);
  show();
  return row;
}

/** @param {import("../core/types.js").NodeId} id */
export function keysPanel(id) {
  noteRecovery(id.phrase_unconfirmed);
  const others = id.devices.filter((device) => device !== id.device);
  return el(
    "div",
    { class: "stack" },
    phraseState(),
    el("ul", { class: "things" }, keyRow(t("keys.account"), t("keys.account.words"), id.account), keyRow(t("keys.device"), t("keys.device.words"), id.device), others.map((device) => keyRow(t("keys.other"), t("keys.other.words"), device))),
    others.length === 0 && el("p", { class: "soft small" }, t("keys.alone")),
  );
}
