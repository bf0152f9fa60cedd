// What comes while one reads. It never moves what is read: at the very top it glides in, else it waits, and a few words
// at the top lead there.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { onKey } from "../core/keys.js";
import { follow, on } from "../core/live.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { PAGE } from "./feed-pages.js";
import { glideTo, isGliding } from "./glide.js";
import { isNewer } from "./numbers.js";

/** @typedef {import("./feed.js").PostFeed} PostFeed */

/** Windows' heights from the top within which what waits is put in, so that scrolling finds it. */
const NEAR = 1;
/** Windows' heights over which one is not made to glide. */
const FAR = 4;
/** What waits, at most; of more it is only known that there is some. */
const MOST = 60;

export class FeedNews {
  /** @type {any[]} */
  #waiting = [];
  /** Items above that were not seen yet. */
  #unseen = 0;
  #feed;
  /** @type {(() => void)[]} */
  #ends = [];
  #button = el("button", { class: "feed-pill-button", onclick: () => void this.toNewest().catch(failed) });
  pill = el("div", { class: "feed-pill", role: "status" });

  /** @param {PostFeed} feed */
  constructor(feed) {
    this.#feed = feed;
  }

  listen() {
    const { stream = null, arrived = (/** @type {string} */ type, /** @type {any} */ data) => (type === "update" ? data : null) } =
      this.#feed.options;
    const take =
      (/** @type {string} */ type) =>
      (/** @type {{data: any, streams: string[]}} */ { data, streams }) => {
        const item = streams?.join(" ") === stream ? arrived(type, data) : null;
        if (item) this.#arrive(item);
      };
    const fits = (/** @type {string} */ id) => (/** @type {any} */ item) => [item.id, item.reblog?.id, item.status?.id].includes(id);
    const leave = (/** @type {string} */ id) => {
      this.#waiting = this.#waiting.filter((item) => !fits(id)(item));
      this.#feed.items.take(fits(id));
    };
    const gone = (/** @type {Event} */ event) => {
      event.preventDefault();
      leave(/** @type {HTMLElement} */ (event.target).dataset.post ?? "");
    };
    const reread = () => void this.#feed.items.reread();
    this.#feed.addEventListener("gone", gone);
    document.addEventListener("reread", reread);
    document.addEventListener("visibilitychange", this.#looked);
    this.#ends = [
      on({
        update: take("update"),
        notification: take("notification"),
        delete: ({ data }) => leave(String(data)),
        resumed: () => void this.catchUp(),
      }),
      onKey(document, "newest", () => void this.toNewest().catch(failed)),
      () => this.#feed.removeEventListener("gone", gone),
      () => document.removeEventListener("reread", reread),
      () => document.removeEventListener("visibilitychange", this.#looked),
    ];
    if (stream && stream !== "user") this.#ends.push(follow(stream));
  }

  stop() {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** Whoever comes back to the page finds what they saw last, and newer ones above. */
  #looked = () => {
    if (document.hidden || this.#waiting.length === 0 || !this.#feed.window.isAtStart) return;
    this.#takeIn();
    this.#draw();
  };

  forget() {
    [this.#waiting, this.#unseen] = [[], 0];
    this.#draw();
  }

  /** @param {any} item */
  #arrive(item) {
    const {
      window: { chunks },
    } = this.#feed;
    const isKnown = this.#waiting.some(({ id }) => id === item.id) || this.#feed.items.has(item.id);
    if (isKnown || this.#feed.options.isMarked) return;
    if (chunks.length === 0) return void this.#feed.restart().catch(() => {});
    if (!isNewer(item.id, chunks[0].first)) return this.#feed.items.insert(item);
    this.#unseen += 1;
    if (!this.#feed.hasNewer) this.#wait(item);
    this.look();
    this.#draw();
  }

  /** @param {any} item */
  #wait(item) {
    const at = this.#waiting.findIndex(({ id }) => isNewer(item.id, id));
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, item);
    if (this.#waiting.length <= MOST) return;
    this.#waiting = [];
    this.#feed.hasNewer = true;
  }

  /** Puts in what waits, where nobody is disturbed by it. */
  look() {
    if (this.#waiting.length === 0 || document.hidden) return;
    const isRead = this.#feed.window.list.contains(document.activeElement);
    const glides = isGliding() || (this.#feed.isAtTop && !isRead);
    const isNear = this.#feed.window.isAtStart && this.#feed.window.list.getBoundingClientRect().top > -innerHeight * NEAR;
    if (glides) this.#glide();
    else if (isNear) this.#takeIn();
  }

  #takeIn() {
    const items = this.#waiting;
    this.#waiting = [];
    if (items.length > 0) this.#feed.items.prepend(items);
  }

  /** What comes is put above what is seen, and then one is brought up to it. */
  #glide() {
    const before = isGliding() ? 0 : scrollY;
    this.#takeIn();
    glideTo(before);
  }

  /**
   * Newer ones that were there already when one came.
   * @param {any[]} items
   */
  above(items) {
    this.#unseen += items.length;
    this.#feed.items.prepend(items);
    this.#draw();
  }

  /**
   * One has come to rest at an item: what is below it is not unseen.
   * @param {HTMLElement | null} item
   */
  seen(item) {
    const position = Number(item?.getAttribute("aria-posinset") ?? 1) - 1;
    this.#unseen = this.#feed.isAtTop ? 0 : Math.min(this.#unseen, position + this.#waiting.length);
    this.#draw();
  }

  /** What may have come while nobody listened. */
  async catchUp() {
    const {
      window: { chunks },
      pages,
      options,
    } = this.#feed;
    if (chunks.length === 0) return;
    void this.#feed.items.reread();
    if (options.isMarked || this.#feed.hasNewer) return;
    const newest = this.#waiting[0]?.id ?? chunks[0].first;
    const { items } = await pages.askNewer(newest).catch(() => ({ items: [] }));
    if (items.length === 0) return;
    // So much that there may be more behind it.
    if (items.length >= 2 * PAGE) this.#feed.hasNewer = true;
    if (this.#feed.hasNewer) this.#waiting = [];
    else for (const item of items) this.#wait(item);
    this.#unseen += items.length;
    this.look();
    this.#draw();
  }

  #draw() {
    const isShown = (this.#unseen > 0 || this.#feed.hasNewer) && !this.#feed.isAtTop;
    const words = this.#feed.hasNewer ? t("feed.newer") : t("feed.new", { n: this.#unseen });
    if (!isShown) return this.#leavePill();
    if (this.#button.isConnected && this.#button.textContent === words) return;
    put(this.#button, icon("up"), el("span", null, words));
    put(this.pill, this.#button);
  }

  #leavePill() {
    const hadFocus = this.pill.contains(document.activeElement);
    put(this.pill);
    if (hadFocus) this.#focusFirst();
  }

  #focusFirst() {
    /** @type {HTMLElement | null} */ (this.#feed.window.list.querySelector("[data-item]"))?.focus({ preventScroll: true });
  }

  async toNewest() {
    if (this.#feed.hasNewer) await this.#feed.restart();
    else this.#takeIn();
    this.#unseen = 0;
    if (scrollY > innerHeight * FAR) scrollTo({ top: 0, behavior: "instant" });
    else glideTo(0);
    this.#feed.look();
    // What has come into the page above has kept in its place what was seen.
    if (!isGliding()) scrollTo({ top: 0, behavior: "instant" });
    if (this.pill.contains(document.activeElement)) this.#focusFirst();
    put(this.pill);
  }
}
