// Times beside posts: how long ago, said anew as it goes by. One timer does it for all of them.

import { el } from "../core/dom.js";
import { router } from "../core/router.js";
import { ago, moment } from "../core/words.js";

const BEAT = 20_000;

/**
 * @param {string} when RFC 3339
 */
export function timeOf(when) {
  return el("time", { datetime: when, title: moment(when), "data-ago": true }, ago(when));
}

/** What stands on the page is said as of now. */
function renew() {
  if (document.hidden) return;
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-ago]"))) {
    const words = ago(time.dateTime);
    if (time.textContent !== words) time.textContent = words;
  }
}

setInterval(renew, BEAT);
document.addEventListener("visibilitychange", renew);
router.addEventListener("moved", renew);
