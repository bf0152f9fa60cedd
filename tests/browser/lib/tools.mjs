// What the tests need of others: packages are installed once, in a folder of their own, and never beside the tests.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const ROOT = resolve(HERE, "../..");
export const APP = join(ROOT, "src/http/web/app");
const MANIFESTS = ["package.json", "package-lock.json"];
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Installs the packages, unless they are there in these versions already.
 * @returns {(name: string) => any} Takes a package by its name; `.resolve` tells where a file of one is.
 */
export function install(folder) {
  const madeFrom = createHash("sha256").update(MANIFESTS.map((name) => readFileSync(join(HERE, name), "utf8")).join("\0")).digest("hex");
  const stamp = join(folder, "made-from");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== madeFrom) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of MANIFESTS) copyFileSync(join(HERE, name), join(folder, name));
    execFileSync("npm", ["ci", "--prefix", folder, "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], { stdio: ["ignore", "inherit", "inherit"] });
    writeFileSync(stamp, madeFrom);
  }
  return createRequire(join(resolve(folder), "package.json"));
}

/** Where the system's browser is. */
export function findBrowser() {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of BROWSERS) if (existsSync(join(folder, name))) return join(folder, name);
  }
  throw new Error(`no browser is here: ${BROWSERS.join(", ")}`);
}
