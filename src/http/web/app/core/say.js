// Short words at the edge of the page: that something was done, with a way to undo it, or why it was not. They are read
// aloud as well.

import { Refused } from "./api.js";
import { el, put } from "./dom.js";
import { t } from "./words.js";

/** Milliseconds for which they stand; longer with something to press. */
const STANDS = 4_000;
export const STANDS_WITH_ACTION = 9_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** It stands in the sheet that is open, if one is, as nothing beside that can be reached. */
function region() {
  const into = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  const found = document.getElementById("said") ?? el("div", { id: "said", class: "said", role: "status", "aria-live": "polite" });
  if (found.parentElement !== into) into.append(found);
  return found;
}

/**
 * @param {string} text
 * @param {{action?: string, onaction?: () => void, isError?: boolean}} [options]
 * @returns {() => void} Takes it away, if it still stands.
 */
export function say(text, { action, onaction, isError = false } = {}) {
  clearTimeout(timer);
  const gone = () => made.remove();
  const made = el(
    "div",
    { class: isError ? "said-words wrong" : "said-words" },
    el("span", { dir: "auto" }, text),
    action && el("button", { class: "link", onclick: () => (gone(), onaction?.()) }, action),
  );
  put(region(), made);
  timer = setTimeout(gone, action ? STANDS_WITH_ACTION : STANDS);
  return gone;
}

/**
 * What went wrong, in words for people.
 * @param {unknown} error
 */
export function reason(error) {
  if (error instanceof Refused) {
    if (error.isAway) return t("error.away");
    if (error.status === 401 || error.status === 403) return t("error.forbidden");
    if (error.status === 404) return t("error.gone");
    if (error.status === 429) return t("error.slower");
    // The node's own words are exact, and in English.
    return t("error.refused", { why: error.message });
  }
  return t("error.fault");
}

/**
 * What went wrong, to be shown where it did. What nobody has foreseen is told to whoever looks for it, too.
 * @param {unknown} error
 */
export function whyNot(error) {
  if (!(error instanceof Refused)) console.error(error);
  return reason(error);
}

/**
 * Says what went wrong. To be put behind a promise: `.catch(failed)`.
 * @param {unknown} error
 */
export function failed(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  say(whyNot(error), { isError: true });
}
