// How a story is told: in steps, each of which holds or does not, and is said in a line. What goes wrong in a page beside
// what a step looks at is wrong with that step.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "./browser.mjs";
import { Node } from "./nodes.mjs";

export class Story {
  /**
   * @param {string} name
   * @param {{binary: string, browser: any, artefacts: string, require: (name: string) => any}} world
   */
  constructor(name, world) {
    Object.assign(this, { name, world });
    this.folder = mkdtempSync(join(tmpdir(), `majlis-browser-${name}-`));
    this.steps = 0;
    this.failed = [];
    this.faults = [];
    this.nodes = [];
    this.people = [];
  }

  /** Starts nodes, by their names. */
  node(name, environment) {
    const made = new Node(name, this.world.binary, this.folder, environment);
    this.nodes.push(made);
    return made.start();
  }

  /** Nodes whose owners follow each other. */
  async circle(...names) {
    const nodes = await Promise.all(names.map((name) => this.node(name)));
    await Promise.all(nodes.map((node) => node.follow(...nodes.filter((other) => other !== node))));
    return nodes;
  }

  /** Opens the page of a node in a browser of its own, signed in unless `isSignedIn` is false. */
  async person(node, options) {
    const person = await open(this, node, options);
    this.people.push(person);
    return person;
  }

  async step(name, tell) {
    const began = performance.now();
    let failed = null;
    try {
      await tell();
      if (this.faults.length) throw new Error(this.faults.join("\n"));
    } catch (error) {
      const line = error.stack?.split("\n").find((line) => line.includes("/stories/")) ?? "";
      failed = [line.trim().replace(/^.*\/(.*?)\)?$/, "$1"), inShort(error)].filter(Boolean).join("\n");
      if (!`${error.message}`.includes(this.faults[0] ?? "\0")) failed = [failed, ...this.faults].join("\n");
      await this.keepPictures(`failed-${this.name}-${this.steps + 1}`);
      await this.closeSheets();
    }
    this.faults = [];
    this.steps += 1;
    if (failed) this.failed.push(name);
    this.tell(name, failed, (performance.now() - began) / 1000);
  }

  /** One line, and below it why it failed. Several stories are told at once. */
  tell(name, failed, seconds) {
    const lines = [`${failed ? "FAILED" : "ok".padStart(6)} ${seconds.toFixed(2).padStart(6)} s  ${this.name.padEnd(10)} ${name}`];
    if (failed) lines.push(...failed.split("\n").map((line) => `                  ${line}`));
    console.log(lines.join("\n"));
  }

  /** A figure, which decides nothing. */
  figure(name, value) {
    console.log(`       ${"".padStart(6)}    ${this.name.padEnd(10)} ${name}: ${value}`);
  }

  async keepPictures(name) {
    for (const [index, { page }] of this.people.entries()) {
      if (!page.isClosed()) await page.screenshot({ path: join(this.world.artefacts, `${name}-${index + 1}.png`), timeout: 5_000 }).catch(() => {});
    }
  }

  /** What a failed step has left open is not in the way of the next. */
  async closeSheets() {
    for (const { page } of this.people) {
      if (page.isClosed()) continue;
      for (let turn = 0; turn < 2; turn += 1) await page.keyboard.press("Escape").catch(() => {});
    }
  }

  async end() {
    if (this.faults.length) await this.step("nothing goes wrong beside it", () => {});
    for (const person of this.people) await person.context.close().catch(() => {});
    await Promise.all(this.nodes.map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Without colours, and of how a control was waited for only what it was and what stood in the way. */
function inShort(error) {
  const lines = `${error.message ?? error}`.replace(/\u001b\[\d+m/g, "").split("\n");
  const told = lines.filter((line, index) => index < 3 || !/^ {2,}-|^Call log|^ *\d+ × /.test(line) || /waiting for get|intercepts/.test(line));
  return [...new Set(told)].join("\n").trim().slice(0, 3_000);
}
