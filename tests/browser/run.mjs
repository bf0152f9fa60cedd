#!/usr/bin/env node
// Looks at the page of the node as people do: a real browser, real nodes, and nothing in their place.
//
//     run.mjs --binary PATH [--only NAME,…] [--tools DIR] [--artefacts DIR] [--browser PATH]
//
// First what can be seen from the files alone, then stories. A line is printed for each step, and counts at the end;
// pictures stay among the artefacts. The exit code is 1 where anything has failed.

import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "./lib/browser.mjs";
import { Story } from "./lib/story.mjs";
import { HERE, ROOT, findBrowser, install } from "./lib/tools.mjs";

const CHECKS = ["types", "words", "rules"];
/** The longest first. */
const STORIES = readdirSync(join(HERE, "stories")).map((file) => file.replace(".mjs", ""));
const FIRST = ["tour", "reading", "writing"];
const TOLD_AT_ONCE = 2;
/** Milliseconds; longer than any story takes on a slow machine. */
const PATIENCE = 600_000;

const { values: options } = parseArgs({
  options: {
    binary: { type: "string", default: join(ROOT, "target/debug/majlis") },
    only: { type: "string" },
    tools: { type: "string", default: join(ROOT, "target/tools/browser") },
    artefacts: { type: "string", default: join(ROOT, "target/browser") },
    browser: { type: "string" },
  },
});

const began = performance.now();
const named = options.only?.split(",") ?? [...CHECKS, ...STORIES];
const unknown = named.filter((name) => !CHECKS.includes(name) && !STORIES.includes(name));
if (unknown.length) {
  console.error(`there is no ${unknown.join(", ")}: ${[...CHECKS, ...STORIES].join(", ")}`);
  process.exit(2);
}
const require = install(options.tools);
const artefacts = resolve(options.artefacts);
mkdirSync(artefacts, { recursive: true });
// What failed the last time may not do so any more.
for (const file of readdirSync(artefacts)) if (file.startsWith("failed-")) rmSync(join(artefacts, file));

const result = { told: 0, steps: 0, failed: [] };

async function look(name) {
  const started = performance.now();
  const { default: check } = await import(`./checks/${name}.mjs`);
  const faults = await check(require);
  result.steps += 1;
  console.log(`${faults.length ? "FAILED" : "    ok"} ${((performance.now() - started) / 1000).toFixed(2).padStart(6)} s  ${name}`);
  for (const fault of faults) console.log(`                  ${fault}`);
  if (faults.length) result.failed.push(`${name}: ${faults.length} faults`);
}

async function tell(name, browser) {
  const story = new Story(name, { binary: resolve(options.binary), browser, artefacts, require });
  const { default: told } = await import(`./stories/${name}.mjs`);
  let timer;
  try {
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`it is not told after ${PATIENCE / 1000} s`)), PATIENCE)));
    await Promise.race([told(story), late]);
  } catch (error) {
    await story.step("it comes to its end", () => Promise.reject(error));
  } finally {
    clearTimeout(timer);
    await story.end();
  }
  result.told += 1;
  result.steps += story.steps;
  result.failed.push(...story.failed.map((step) => `${name}: ${step}`));
}

for (const name of CHECKS.filter((name) => named.includes(name))) await look(name);

const stories = [...new Set([...FIRST.filter((name) => STORIES.includes(name)), ...STORIES])].filter((name) => named.includes(name));
if (stories.length) {
  const { version } = require("playwright-core/package.json");
  const browser = await launch(require("playwright-core"), options.browser ?? findBrowser());
  console.log(`\nChromium ${browser.version()}, playwright ${version}, ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB\n`);
  const waiting = [...stories];
  const teller = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) await tell(name, browser);
  };
  await Promise.all(Array.from({ length: TOLD_AT_ONCE }, teller));
  await browser.close();
}

const seconds = Math.round((performance.now() - began) / 1000);
console.log(`\n${result.told} stories, ${result.steps} steps, ${result.failed.length} failed; ${seconds} s; pictures in ${artefacts}`);
for (const step of result.failed) console.log(`  failed: ${step}`);
process.exit(result.failed.length || !result.steps ? 1 : 0);
