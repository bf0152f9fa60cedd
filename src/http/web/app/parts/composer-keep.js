// What is written is kept a moment after each change, and when the page goes.

import { erase } from "./drafts-store.js";
import { forgetLate, isUntouched, remember, rememberLate } from "./composer-state.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

/** Milliseconds from a change until it is kept, and the longest for which changes that go on are not. */
const PAUSE = 200;
const LONGEST = 1_000;

/**
 * @param {Writing} writing
 * @param {(error: unknown) => void} onfail
 */
export function keeper(writing, onfail) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let since = 0;
  let isEnded = false;

  const keep = async () => {
    clearTimeout(timer);
    if (since === 0 || isEnded) return;
    since = 0;
    // Nothing is worth coming back to. Its files may be put back yet.
    if (isUntouched(writing)) await erase("writing", writing.id);
    else await remember(writing);
    forgetLate(writing.id);
  };
  const kept = () => keep().catch(onfail);
  const leaving = () => {
    if (since !== 0 && !isEnded && !isUntouched(writing)) rememberLate(writing);
    void kept();
  };
  const hiding = () => document.hidden && leaving();
  document.addEventListener("visibilitychange", hiding);
  addEventListener("pagehide", leaving);

  return {
    changed() {
      since ||= Date.now();
      clearTimeout(timer);
      timer = setTimeout(kept, Math.max(0, Math.min(PAUSE, since + LONGEST - Date.now())));
    },
    keep: kept,
    /** Keeps no more of it. */
    end() {
      isEnded = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", hiding);
      removeEventListener("pagehide", leaving);
    },
  };
}
