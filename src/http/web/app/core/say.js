// Short words at the edge of the page: that something was done, with a way to undo it, or why it was not. They are read
// aloud as well.

import { Refused } from "./api.js";
import { el, put } from "./dom.js";
import { t } from "./words.js";

/** Milliseconds for which they stand; longer with something to press. */
const STANDS = 4_000;
const STANDS_WITH_ACTION = 9_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function region() {
  const found = document.getElementById("said");
  if (found) return found;
  const made = el("div", { id: "said", class: "said", role: "status", "aria-live": "polite" });
  document.body.append(made);
  return made;
}

/**
 * @param {string} text
 * @param {{action?: string, onaction?: () => void, isError?: boolean}} [options]
 */
export function say(text, { action, onaction, isError = false } = {}) {
  clearTimeout(timer);
  const into = region();
  const gone = () => put(into);
  put(
    into,
    el(
      "div",
      { class: isError ? "said-words wrong" : "said-words" },
      el("span", { dir: "auto" }, text),
      action && el("button", { class: "link", onclick: () => (gone(), onaction?.()) }, action),
    ),
  );
  timer = setTimeout(gone, action ? STANDS_WITH_ACTION : STANDS);
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
 * Says what went wrong. To be put behind a promise: `.catch(failed)`.
 * @param {unknown} error
 */
export function failed(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  if (!(error instanceof Refused)) console.error(error);
  say(reason(error), { isError: true });
}
