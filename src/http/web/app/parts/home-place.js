// Where one was at home: kept by this browser, so that one reads on there, and told to the node, so that it is known on
// other devices up to where one has read. The first page is asked for before there is anything to show it with.

import { get, list, post, token } from "../core/api.js";
import { keep, kept } from "../core/kept.js";
import { PAGE } from "./feed-pages.js";
import { isNewer, justAbove } from "./numbers.js";

/** @typedef {import("./feed.js").Place} Place */
/** @typedef {{page: import("../core/api.js").Listed<any>, place: Place | null}} Start */

export const HOME = "/api/v1/timelines/home";
/** Milliseconds after which the node is told. */
const TOLD_AFTER = 3_000;

/** @type {Promise<Start> | null} */
let asked = null;
/** Up to where was read when the page was opened. @type {Promise<string | null> | null} */
let marker = null;

/** @returns {Promise<Start>} */
async function ask() {
  const place = /** @type {Place | null} */ (kept("place.home"));
  const page = await list(HOME, { limit: PAGE, max_id: place && justAbove(place.id) });
  if (place && page.items.length === 0) return { page: await list(HOME, { limit: PAGE }), place: null };
  return { page, place };
}

/** Asks for the beginning of home, if that is what is opened. */
export function askForHome() {
  if (!token() || !["/", "/home"].includes(location.pathname)) return;
  asked = ask();
  // Whoever takes it says what was wrong.
  asked.catch(() => {});
  void readUpTo();
}

/** The beginning, as it was asked for, or asked for now. */
export function homeStart() {
  const taken = asked ?? ask();
  asked = null;
  return taken;
}

/** The number of the newest post that was read before the page was opened. */
export function readUpTo() {
  marker ??= get("/api/v1/markers", { timeline: ["home"] }).then(
    ({ home }) => home?.last_read_id ?? null,
    () => null,
  );
  return marker;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let told = "";

/**
 * One has come to rest here.
 * @param {Place | null} place Null at the very top.
 * @param {string | undefined} newest That is seen.
 */
export function notePlace(place, newest) {
  keep("place.home", place);
  if (!newest || (told && !isNewer(newest, told))) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    told = newest;
    // It is told again with the next post that is read.
    post("/api/v1/markers", { home: { last_read_id: newest } }).catch(() => (told = ""));
  }, TOLD_AFTER);
}
