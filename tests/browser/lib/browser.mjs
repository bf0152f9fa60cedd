// The system's browser, with a person at it. Nothing of it is replaced, and nothing that it asks for is held back.

import { join } from "node:path";
import { PATIENCE, eventually } from "./hold.mjs";
import { anyOf, escaped, words } from "./words.mjs";

const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

export function launch(playwright, executablePath) {
  return playwright.chromium.launch({ executablePath, args: SWITCHES });
}

/**
 * @typedef {object} Options
 * @property {string} [language]
 * @property {"light" | "dark"} [theme]
 * @property {number} [width]
 * @property {number} [height]
 * @property {boolean} [isSignedIn]
 * @property {boolean} [hasWorker] Whether the pages may be kept for when the node is away.
 * @property {boolean} [moves] Whether what changes may glide.
 * @property {string} [at] Where to go once signed in.
 * @property {(context: any) => Promise<void>} [before] What is done before a page is opened.
 */

/**
 * Opens the page of a node.
 * @param {import("./story.mjs").Story} story
 * @param {import("./nodes.mjs").Node} node
 * @param {Options} [options]
 */
export async function open(story, node, { language = "en", theme = "light", width = 1280, height = 800, isSignedIn = true, hasWorker = true, moves = false, at, before } = {}) {
  const context = await story.world.browser.newContext({
    locale: language === "en" ? "en-GB" : language,
    colorScheme: theme,
    viewport: { width, height },
    serviceWorkers: hasWorker ? "allow" : "block",
    permissions: ["clipboard-read", "clipboard-write"],
    reducedMotion: moves ? "no-preference" : "reduce",
  });
  context.setDefaultTimeout(PATIENCE);
  await before?.(context);
  const person = new Person(story, node, context, language);
  if (!hasWorker) person.forgive(/Service Worker registration blocked/);
  context.on("page", (page) => person.listen(page));
  person.page = await context.newPage();
  if (isSignedIn) await person.signIn(at);
  return person;
}

export class Person {
  constructor(story, node, context, language) {
    Object.assign(this, { story, node, context, language });
    this.w = words(language);
    this.asked = new Set();
    this.addresses = [];
    this.forgiven = [];
    this.token = null;
    this.page = /** @type {any} */ (null);
  }

  /** What fits is no fault from now on: what the browser logs of a node that is away. */
  forgive(pattern) {
    this.forgiven.push(pattern);
  }

  fault(what) {
    if (!this.forgiven.some((pattern) => pattern.test(what))) this.story.faults.push(`in the page of ${this.node.name}: ${what}`.slice(0, 1_000));
  }

  listen(page) {
    page.on("pageerror", (error) => this.fault(error.stack ?? `${error}`));
    page.on("console", (message) => {
      const { url, lineNumber } = message.location();
      if (["error", "warning"].includes(message.type())) this.fault(`${message.type()}: ${message.text()} (${url}:${lineNumber})`);
    });
    page.on("request", (request) => this.see(request));
    page.on("websocket", (socket) => this.seeAddress(socket.url()));
    page.on("close", () => this.asked.clear());
    for (const event of ["requestfinished", "requestfailed"]) page.on(event, (request) => this.asked.delete(request));
  }

  see(request) {
    this.seeAddress(request.url());
    // A film is never fetched to its end.
    if (request.resourceType() !== "media") this.asked.add(request);
  }

  /** Everything comes from the node of the one who reads; and no address has in it what nobody else may know. */
  seeAddress(url) {
    this.addresses.push(url);
    const { protocol, host } = new URL(url);
    if (["data:", "blob:", "about:"].includes(protocol)) return;
    if (host !== new URL(this.node.http).host) this.story.faults.push(`the page asks ${url}`);
    if (/access_token|bearer/i.test(url) || (this.token && url.includes(this.token))) this.story.faults.push(`a token in ${url}`);
  }

  async signIn(at = "/home") {
    const { link } = await this.node.one("login");
    await this.page.goto(link);
    // The first time all of it has to be fetched.
    await this.page.locator("main h1").first().waitFor({ state: "attached", timeout: 3 * PATIENCE });
    await this.page.waitForURL((url) => url.hash === "");
    this.token = await this.page.evaluate(() => JSON.parse(localStorage.getItem("majlis.token")));
    if (new URL(this.page.url()).pathname !== at) await this.go(at);
    await this.settled();
  }

  /** Opens an address anew, as from a bookmark. */
  async go(path) {
    await this.page.goto(this.node.http + path);
    await this.settled();
  }

  /** Goes to another page within the app, as by a link. */
  async walk(path) {
    await this.page.evaluate((to) => {
      const link = document.createElement("a");
      link.href = to;
      document.body.append(link);
      link.click();
      link.remove();
    }, path);
    await this.page.waitForURL((url) => url.pathname + url.search === path);
    await this.settled();
  }

  /** Waits until all that belongs to the page is there and nothing is awaited any more. */
  async settled() {
    await eventually(`${this.page.url()} is drawn`, async () => {
      const [request] = this.asked;
      if (request) throw new Error(`${request.url()} is not answered`);
      const awaited = await this.page.evaluate(whatIsAwaited);
      if (awaited) throw new Error(awaited);
      return true;
    });
  }

  /** A control by what it is called. */
  by(role, key, values, within = this.page) {
    return within.getByRole(role, { name: this.w(key, values), exact: true });
  }

  button(key, values, within) {
    return this.by("button", key, values, within);
  }

  link(key, values, within) {
    return this.by("link", key, values, within);
  }

  /** A control that is called so and further: by whom it is about, or how often it was done. */
  about(role, key, within = this.page) {
    return within.getByRole(role, { name: new RegExp(`^${escaped(this.w(key))}(?![\\p{L}\\p{M}])`, "u") });
  }

  /** What the words of a key are seen in, whatever values are in them. */
  says(key, within = this.page) {
    return within.getByText(anyOf(this.language, key)).first();
  }

  /** The post in which a text is. */
  post(text, within = this.page) {
    return within.getByRole("article").filter({ hasText: text }).first();
  }

  async sees(locator) {
    await locator.waitFor({ state: "visible" });
    return locator;
  }

  async seesNot(locator) {
    await locator.waitFor({ state: "hidden" });
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  picture(name) {
    return this.page.screenshot({ path: join(this.story.world.artefacts, `${name}.png`) });
  }
}

/** In the page: what it waits for, if it does. */
async function whatIsAwaited() {
  if (!document.querySelector("main h1")) return "there is no heading";
  const busy = document.querySelector("[aria-busy=true]") ?? [...document.querySelectorAll(".skeleton")].find((one) => !one.closest("[aria-hidden=true]"));
  if (busy) return `${busy.className} is busy`;
  await document.fonts.ready;
  const isInView = ({ top, bottom }) => top < innerHeight && bottom > 0;
  const picture = [...document.images].find((image) => image.checkVisibility() && isInView(image.getBoundingClientRect()) && !image.complete);
  if (picture) return `${picture.src} is not here`;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return null;
}
