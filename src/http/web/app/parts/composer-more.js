// What is seldom wanted of a post: a later time, what machines may do with it, how it was made.

import { el, put } from "../core/dom.js";
import { session } from "../core/session.js";
import { moment, t } from "../core/words.js";
import { newId } from "./drafts-store.js";
import { sourceTypeChoice } from "./source-type.js";
import { usageChoice } from "./usage.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

const MINUTE = 60_000;

/**
 * In the form of an input of the browser, which knows nothing of zones.
 * @param {number} at
 */
export function localTime(at) {
  return new Date(at - new Date(at).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/**
 * What is wrong with a time; null where nothing is.
 * @param {string} time
 */
export function timeWrong(time) {
  return time !== "" && new Date(time).getTime() < Date.now() + MINUTE ? t("write.time.past") : null;
}

/**
 * Whether something of it is set.
 * @param {Writing} writing
 */
export function hasMore({ time, usage, sourceType }) {
  return time !== "" || usage !== null || sourceType !== null;
}

/**
 * @param {Writing} writing
 * @param {() => void} changed
 * @param {() => void} keepAsDraft
 */
export function moreOptions(writing, changed, keepAsDraft) {
  const [timeId, sourceId] = [newId(), newId()];
  const said = el("p", { class: "small soft", role: "status" });
  const input = el("input", { class: "input", id: timeId, type: "datetime-local", ".value": writing.time, min: localTime(Date.now() + 2 * MINUTE), dir: "ltr", oninput: () => setTime(input.value) });
  const clear = el("button", { type: "button", class: "button little", onclick: () => (setTime(""), input.focus()) }, t("write.time.none"));
  const show = () => {
    const wrong = timeWrong(writing.time);
    clear.hidden = writing.time === "";
    said.classList.toggle("wrong-words", wrong !== null);
    put(said, writing.time !== "" && (wrong ?? t("write.time.will", { when: moment(writing.time) })));
  };
  const setTime = (/** @type {string} */ time) => {
    writing.time = input.value = time;
    show();
    changed();
  };
  show();
  return el(
    "div",
    { class: "more-options" },
    el("div", { class: "field" }, el("label", { for: timeId }, t("write.time")), el("div", { class: "row" }, input, clear), said),
    el("div", { class: "field" }, el("label", { for: sourceId }, t("source.title")), sourceTypeChoice(writing.sourceType, (type) => ((writing.sourceType = type), changed()), { id: sourceId })),
    el("div", { class: "field" }, el("span", null, t("usage.title")), el("div", null, usageChoice({ value: writing.usage, inherits: session.me?.majlis.usage, onchange: (usage) => ((writing.usage = usage), changed()) }))),
    el("div", null, el("button", { type: "button", class: "button little", onclick: keepAsDraft }, t("write.keepDraft")), el("p", { class: "small soft" }, t("write.keepDraft.words"))),
  );
}
