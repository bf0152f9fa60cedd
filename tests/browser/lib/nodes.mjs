// Real nodes: the program, a scratch home each, and its command line.

import { execFile, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { eventually } from "./hold.mjs";

const run = promisify(execFile);
const PATIENCE = 120_000;

/** Those that run, so that none is left behind. */
const running = new Set();
process.on("exit", () => running.forEach((process) => process.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** One person's node. Its addresses stay the same when it is started again. */
export class Node {
  constructor(name, binary, folder, environment = {}) {
    Object.assign(this, { name, binary, folder, set: environment, process: null, bearer: null });
    this.home = join(folder, name);
    this.log = join(folder, `${name}.log`);
  }

  command(...words) {
    return ["--home", this.home, "--json", ...words];
  }

  environment() {
    const kept = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith("MAJLIS_")));
    // Those who were stopped a moment ago are dialled again soon.
    return { ...kept, MAJLIS_NET_DIAL_BACKOFF_MAX_MS: "2000", MAJLIS_HTTP_LISTEN: `127.0.0.1:${this.httpPort}`, ...this.set };
  }

  async start() {
    this.port ??= await freePort();
    this.httpPort ??= await freePort();
    const log = openSync(this.log, "a");
    const started = spawn(this.binary, this.command("run", "--no-mdns", "--listen", `/ip4/127.0.0.1/tcp/${this.port}`), {
      stdio: ["ignore", "pipe", log],
      env: this.environment(),
    });
    this.process = started;
    running.add(started);
    this.ended = new Promise((resolve) => started.once("exit", (code) => (running.delete(started), resolve(code))));
    const ready = new Promise((resolve) => {
      // Read on after that as well, so that the node never waits for its reader.
      createInterface({ input: started.stdout }).on("line", (line) => {
        const event = JSON.parse(line);
        if (event.event === "ready") resolve(event);
      });
    });
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE, null)));
    const event = await Promise.race([ready, this.ended.then(() => null), late]);
    clearTimeout(timer);
    if (!event) await this.kill();
    if (!event) throw new Error(`${this.name} was not ready:\n${readFileSync(this.log, "utf8").slice(-2000)}`);
    this.account = event.account;
    this.key = event.account.replace("did:key:", "");
    this.http = event.http;
    this.link = event.link;
    return this;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
    this.process = null;
  }

  /** As a power cut does. */
  async kill() {
    if (!this.process) return;
    this.process.kill("SIGKILL");
    await this.ended;
    this.process = null;
  }

  /** The lines that a command prints. */
  async ask(...words) {
    try {
      const { stdout } = await run(this.binary, this.command(...words.map(String)), { env: this.environment(), timeout: PATIENCE, maxBuffer: 1 << 28 });
      return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    } catch (error) {
      throw new Error(`${this.name}: majlis ${words.join(" ")}: ${error.stderr || error}`);
    }
  }

  /** The one line that a command prints. */
  async one(...words) {
    const lines = await this.ask(...words);
    if (lines.length !== 1) throw new Error(`${this.name}: majlis ${words.join(" ")} prints ${lines.length} lines`);
    return lines[0];
  }

  /** Posts many, a few at a time, as a person does over years: not all of them in the same moment. */
  async postAll(posts) {
    const left = [...posts];
    const poster = async () => {
      for (let post = left.shift(); post; post = left.shift()) await this.api("POST", "/api/v1/statuses", { status: post.text, language: post.lang });
    };
    await this.api("GET", "/api/v1/apps/verify_credentials");
    await Promise.all(Array.from({ length: 4 }, poster));
  }

  async invite() {
    return (await this.one("id")).invite;
  }

  /** Asks as an app of the owner's does. */
  async api(method, path, body) {
    this.bearer ??= (await this.one("token", "new", "--name", "test", "--scopes", "read,write,follow,push")).token;
    const response = await fetch(this.http + path, {
      method,
      headers: { authorization: `Bearer ${this.bearer}`, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${this.name}: ${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  timeline() {
    return this.api("GET", "/api/v1/timelines/home");
  }

  /** Follows others, and waits until the nodes know each other. */
  async follow(...others) {
    for (const other of others) await this.ask("follow", await other.invite());
    await eventually(`${this.name} is connected`, async () => {
      const peers = JSON.stringify(await this.ask("peers"));
      return others.every(({ key }) => peers.includes(key));
    });
  }

  /** The post with these words, when it is here. */
  async has(text) {
    return eventually(`${this.name} has “${text}”`, async () => (await this.timeline()).map((status) => status.reblog ?? status).find(({ majlis }) => majlis.text === text));
  }
}

/** Below the range from which the system gives ports to others, so that it stays free. */
let port = 12_000 + ((process.pid * 31) % 15_000);

async function freePort() {
  for (;;) {
    // Several ask for one at once.
    const mine = (port += 1);
    const probe = createServer();
    const isFree = await new Promise((resolve) => probe.once("error", () => resolve(false)).listen(mine, "127.0.0.1", () => resolve(true)));
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return mine;
  }
}
