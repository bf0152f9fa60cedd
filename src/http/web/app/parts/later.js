// Something that cannot be taken back is done when there was time to think better of it; at once where the page goes.

import { STANDS_WITH_ACTION, failed, say } from "../core/say.js";
import { t } from "../core/words.js";

/**
 * @param {string} words What is said of it, beside the way to undo it.
 * @param {() => Promise<unknown>} act
 * @param {() => void} undo Has the page show again what there was.
 */
export function later(words, act, undo) {
  let isOver = false;
  const end = (/** @type {boolean} */ isUndone) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", leaving);
    unsay();
    if (isUndone) undo();
    else act().catch((error) => (undo(), failed(error)));
  };
  const leaving = () => document.hidden && end(false);
  const unsay = say(words, { action: t("action.undo"), onaction: () => end(true) });
  const timer = setTimeout(() => end(false), STANDS_WITH_ACTION);
  document.addEventListener("visibilitychange", leaving);
}
