// What has to hold, here and in the stories of other apps. Nothing waits for a time to pass: what comes by and by is asked for until it is there.

import { isDeepStrictEqual } from "node:util";

/** Milliseconds for what has to travel between nodes on one machine, and be drawn, while others are at work on it. */
export const PATIENCE = 20_000;

/** Whether something is as it should be; `is` shows what it is. */
export function is(found, wanted, what = "") {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Error(`${what} ${JSON.stringify(found)?.slice(0, 800)} is not ${JSON.stringify(wanted)?.slice(0, 800)}`.trim());
  }
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** Asks until there is an answer that counts, and gives it; what is refused until then is asked again. */
export async function eventually(what, condition, patience = PATIENCE) {
  const deadline = performance.now() + patience;
  for (;;) {
    let reason = "";
    try {
      const answer = await condition();
      if (answer) return answer;
    } catch (error) {
      reason = `: ${error.message ?? error}`;
    }
    if (performance.now() > deadline) throw new Error(`not within ${patience} ms: ${what}${reason}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}
