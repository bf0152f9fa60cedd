// The tools beneath the field that open something: a cover, a poll, emoji, and what is seldom wanted.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { hasMore, moreOptions } from "./composer-more.js";
import { hasAnswers, newPoll, pollEditor } from "./composer-poll.js";
import { insert } from "./composer-text.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {{element: HTMLElement, button: HTMLButtonElement}} Tool */

/** Letters of a warning: as many as always fit. */
const LONGEST = 1_000;

/**
 * @param {string} words
 * @param {string} picture
 * @param {(button: HTMLButtonElement) => void} action
 */
function tool(words, picture, action) {
  const button = el("button", { type: "button", class: "icon-button", title: words, "aria-label": words, onclick: () => action(button) }, icon(picture));
  return button;
}

/**
 * What stands in place of the post until it is unfolded.
 * @param {Writing} writing
 * @param {() => void} changed
 * @param {HTMLElement} field
 * @returns {Tool}
 */
export function coverTool(writing, changed, field) {
  const element = el("input", { class: "input", dir: "auto", maxlength: LONGEST, ".value": writing.warning ?? "", placeholder: t("write.warning.words"), "aria-label": t("write.warning"), oninput: () => ((writing.warning = element.value), changed()) });
  const button = tool(t("write.warning"), "warning", () => {
    writing.warning = writing.warning === null ? element.value : null;
    show();
    changed();
    (writing.warning === null ? field : element).focus();
  });
  const show = () => {
    element.hidden = writing.warning === null;
    button.setAttribute("aria-pressed", String(writing.warning !== null));
  };
  show();
  return { element, button };
}

/**
 * @param {Writing} writing
 * @param {() => void} changed
 * @param {HTMLElement} field
 * @returns {Tool}
 */
export function pollTool(writing, changed, field) {
  const element = el("div", { class: "poll-place" });
  const set = (/** @type {Writing["poll"]} */ poll) => {
    writing.poll = poll;
    show();
    changed();
    (poll ? element.querySelector("input") : field)?.focus();
  };
  const away = () => {
    const before = writing.poll;
    set(null);
    if (before && hasAnswers(before)) say(t("write.poll.removed"), { action: t("action.undo"), onaction: () => set(before) });
  };
  const button = tool(t("write.poll.title"), "poll", () => (writing.poll ? away() : set(newPoll())));
  const show = () => {
    put(element, writing.poll && pollEditor(writing, changed, away));
    button.setAttribute("aria-pressed", String(writing.poll !== null));
  };
  show();
  return { element, button };
}

/** @param {HTMLTextAreaElement} field */
export function emojiTool(field) {
  const open = async (/** @type {HTMLElement} */ button) => {
    const { openEmoji } = await import("./emoji.js");
    openEmoji(button, (character) => insert(field, character));
  };
  return tool(t("emoji.title"), "smile", (button) => void open(button).catch(failed));
}

/**
 * @param {Writing} writing
 * @param {() => void} changed
 * @param {() => Promise<void>} keepAsDraft
 * @returns {Tool}
 */
export function moreTool(writing, changed, keepAsDraft) {
  const element = el("div", { id: `more-${writing.id}`, hidden: true });
  const button = tool(t("write.more"), "more", () => set(button.getAttribute("aria-expanded") !== "true"));
  const set = (/** @type {boolean} */ isOpen) => {
    if (isOpen && !element.hasChildNodes()) put(element, moreOptions(writing, changed, () => void keepAsDraft().catch(failed)));
    element.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.setAttribute("aria-controls", element.id);
  set(hasMore(writing));
  return { element, button };
}
