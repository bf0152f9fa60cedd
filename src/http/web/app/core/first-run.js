// Whether the first steps are still before the owner: nobody is followed, and they were not put off.

import { keep, kept } from "./kept.js";
import { session } from "./session.js";

export function isFirstRun() {
  const { me } = session;
  return me !== null && kept("welcomed") === null && me.following_count === 0 && me.statuses_count === 0;
}

/** They are done, or put off. */
export function welcomed() {
  keep("welcomed", true);
}
