// How a client's story is told: in steps, each of which holds or does not, and is said in a line of JSON.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { eventually, holds, is } from "./hold.mjs";

export { eventually, holds, is };

const run = promisify(execFile);
const [, , worldFile, browser] = process.argv;

export const world = JSON.parse(await readFile(worldFile, "utf8"));
export const ENGLISH = "The kettle is on; who is coming over?";
export const ARABIC = "السلام عليكم، وأهلا بكم في المجلس";
export const ALT = "منحدر من الألوان: أحمر وأخضر";

const say = (event) => console.log(JSON.stringify(event));
// What clients log is no step.
for (const name of ["log", "info", "debug"]) {
  const log = console[name];
  console[name] = (...what) => (what.length === 1 && `${what[0]}`.startsWith('{"') ? log(...what) : console.error(...what));
}

// What was asked last and what was answered, where the client lets that be seen.
let last = "";
export const remember = (text) => (last = text.slice(0, 600));

// What goes wrong in a client beside what it is asked is wrong with the step that it is asked in.
let loose = null;
process.on("uncaughtException", (error) => (loose ??= error));

export async function step(name, tell) {
  const began = performance.now();
  last = "";
  loose = null;
  let failed = null;
  try {
    await tell();
    if (loose) throw loose;
  } catch (error) {
    const line = error.stack?.split("\n").find((line) => line.includes(process.argv[1])) ?? "";
    failed = [line.trim().replace(/^.*\/(.*?)\)?$/, "$1"), `${error}`.slice(0, 1500), last && `last: ${last}`];
    failed = failed.filter(Boolean).join("\n");
  }
  say({ step: name, failed, seconds: (performance.now() - began) / 1000 });
}

export function end() {
  say({ ended: true });
  // Streams that a failed step has left open do not keep it going.
  process.exit(0);
}

/** What the owner of a node consents to in a browser: the code, and what else the app is told. */
export async function consent(name, url, language = "en") {
  const { stdout } = await run(`${world.bin}/python`, [browser, worldFile, name, `${url}`, language]);
  return JSON.parse(stdout);
}

/** Whether something is refused in the way that it should be. */
export async function refused(asks, fits) {
  try {
    await asks();
  } catch (error) {
    holds(fits(error), `refused in another way: ${error}`);
    return;
  }
  throw new Error(`it is not refused: ${asks}`);
}
