// A list of posts, or of other things that have numbers, as long as one reads: older ones below, newer ones above, what
// comes by itself on top. However long it gets, little of it is in the document.

import { empty } from "./empty.js";
import { FeedEnd } from "./feed-end.js";
import { FeedItems } from "./feed-items.js";
import { FeedNews } from "./feed-news.js";
import { FeedPages, PAGE } from "./feed-pages.js";
import { FeedRest } from "./feed-rest.js";
import { itemOf } from "./feed-window.js";
import { post } from "./post.js";

/** @typedef {import("../core/api.js").Query} Query */
/** @typedef {import("../core/api.js").Listed<any>} Listed */

/** @typedef {import("./feed-rest.js").Place} Place */

/**
 * @typedef {object} Options
 * @property {string} path Of the list, as `/api/v1/timelines/home`.
 * @property {Query} [query]
 * @property {string} label What it is, for those to whom it is read.
 * @property {(item: any) => HTMLElement} [make] An `article` of an item. By default it is a post.
 * @property {(item: any) => boolean} [isMarked] Where the owner has made the order by marking, as with bookmarks: whether
 *   an item still is.
 * @property {string | null} [stream] From which newer ones come by themselves: `user`, `hashtag tea`, `list 5`; null: from none.
 * @property {(type: string, data: any) => any} [arrived] The item of an event of that stream, or null. By default a post's.
 * @property {() => HTMLElement} [empty] What stands there where there is nothing.
 * @property {() => Promise<{page: Listed, place: Place | null}>} [start] The first page, and where on it one was.
 * @property {(place: Place | null) => void} [onrest] Where one is, each time that the page comes to rest; null at its top.
 */

/** What lies over the top of the page hides no more of the first item than this leaves. */
const UNCOVERED = 40;
/** Windows' heights from an end at which there is to be more. */
const AHEAD = 2;

export class PostFeed extends HTMLElement {
  /** @type {Options} */
  options = { path: "", label: "" };
  pages = new FeedPages("", {});
  items = new FeedItems(
    (item) => (this.options.make ?? post)(item),
    (chunk, above) => this.pages.askAgain(chunk, above),
    () => this.#changed(),
  );
  window = this.items.window;
  news = new FeedNews(this);
  end = new FeedEnd();
  rest = new FeedRest(this.window.list, (item, place) => this.#rested(item, place));
  /** How to ask for what is older; null where there is nothing. @type {Query | null} */
  older = null;
  /** Whether there is, or may be, something newer than the first chunk. */
  hasNewer = false;
  /** @type {Set<string>} */
  #busy = new Set();
  #isStarted = false;
  #frame = 0;
  /** Older ones are not asked for by themselves, as that went wrong the last time. */
  #hasFailed = false;
  /** The item that had the focus when the page was left. @type {string | undefined} */
  #focused;

  connectedCallback() {
    const { list } = this.window;
    if (!this.firstChild) this.append(this.news.pill, list, this.end.element);
    list.setAttribute("aria-label", this.options.label);
    list.addEventListener("focusin", this.#entered);
    addEventListener("scroll", this.#scrolled, { passive: true });
    addEventListener("resize", this.#resized);
    this.news.listen();
    if (!this.#isStarted) void this.#start();
    // Whoever shows the page again scrolls to where one was first.
    else requestAnimationFrame(() => this.#resume());
  }

  #resume() {
    const item = this.#focused ? itemOf(this.window.list, this.#focused) : null;
    if (document.activeElement?.closest("input, textarea, dialog") === null) item?.focus({ preventScroll: true });
    this.look();
    void this.news.catchUp();
  }

  disconnectedCallback() {
    removeEventListener("scroll", this.#scrolled);
    removeEventListener("resize", this.#resized);
    this.rest.stop();
    this.news.stop();
  }

  #entered = (/** @type {FocusEvent} */ { target }) => {
    this.#focused = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("[data-item]"))?.dataset.item;
  };

  #scrolled = () => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.isConnected) this.look();
    });
  };

  #resized = () => {
    this.rest.resized();
    this.#scrolled();
  };

  /** Looks at what is to be seen now, and asks for what is not there yet. */
  look() {
    this.window.look();
    this.news.look();
    const { top, bottom } = this.window.edges;
    if (this.window.isAtEnd && this.older && !this.#hasFailed && bottom < innerHeight * (1 + AHEAD)) void this.#loadOlder();
    if (this.window.isAtStart && this.hasNewer && top > -innerHeight * AHEAD) void this.#loadNewer();
    this.rest.moved();
  }

  /**
   * @param {HTMLElement | null} item
   * @param {Place | null} place
   */
  #rested(item, place) {
    if (this.window.chunks.length === 0) return;
    this.news.seen(item);
    this.options.onrest?.(this.isAtTop ? null : place);
  }

  /** Whether the newest there is is in view. */
  get isAtTop() {
    return !this.hasNewer && this.window.isAtStart && this.window.list.getBoundingClientRect().top > UNCOVERED;
  }

  /**
   * Does one thing of a kind at a time.
   * @param {string} kind
   * @param {() => Promise<void>} act
   */
  async #once(kind, act) {
    if (this.#busy.has(kind)) return;
    this.#busy.add(kind);
    this.window.list.setAttribute("aria-busy", "true");
    try {
      await act();
    } finally {
      this.#busy.delete(kind);
      this.window.list.setAttribute("aria-busy", String(this.#busy.size > 0));
    }
  }

  async #start() {
    this.#isStarted = true;
    this.end.wait(true);
    await this.#once("older", async () => {
      try {
        const { page, place } = await (this.options.start?.() ?? this.pages.askOn({}).then((page) => ({ page, place: null })));
        this.#begin(page, place);
      } catch (error) {
        this.end.fail(error, () => void this.#start());
      }
    });
    this.look();
  }

  /** Begins again at the newest. What was there stays until the new is. */
  restart() {
    return this.#once("restart", async () => {
      const page = await this.pages.askOn({});
      const hadFocus = this.window.list.contains(document.activeElement);
      this.window.clear();
      this.news.forget();
      this.#hasFailed = false;
      this.#begin(page, null);
      if (hadFocus) this.window.list.focus({ preventScroll: true });
    });
  }

  /**
   * @param {Listed} page
   * @param {Place | null} place
   */
  #begin(page, place) {
    this.older = page.older;
    this.hasNewer = place !== null;
    this.window.list.hidden = page.items.length === 0;
    this.items.append(page.items);
    this.#showEnd();
    if (place) this.rest.goTo(place);
    this.dispatchEvent(new CustomEvent("begun", { detail: page.items }));
  }

  /** There is more or less on the page than before. */
  #changed() {
    if (!this.older) this.#showEnd();
    this.#scrolled();
  }

  #showEnd() {
    this.window.list.hidden = this.window.chunks.every(({ count }) => count === 0);
    if (this.#hasFailed) return;
    if (this.older && this.window.chunks.length > 0) this.end.rest();
    else if (this.window.chunks.some(({ count }) => count > 0)) this.end.all();
    else this.end.show(this.options.empty?.() ?? empty(this.options.label));
  }

  #loadOlder() {
    return this.#once("older", async () => {
      if (!this.older) return;
      try {
        // Behind one that is on the list still.
        const at = this.options.isMarked ? { max_id: this.items.lastOf(this.options.isMarked) } : this.older;
        const page = await this.pages.askOn(at);
        this.older = page.items.length > 0 ? page.older : null;
        this.items.append(page.items);
        this.#showEnd();
        this.#scrolled();
      } catch (error) {
        this.#hasFailed = true;
        this.end.fail(error, () => {
          this.#hasFailed = false;
          this.end.wait(false);
          void this.#loadOlder();
        });
      }
    });
  }

  #loadNewer() {
    return this.#once("newer", async () => {
      const [{ first }] = this.window.chunks;
      try {
        const { items } = await this.pages.askNewer(first);
        this.hasNewer = items.length >= 2 * PAGE;
        if (items.length > 0) this.news.above(items);
        this.#scrolled();
      } catch {
        // It is tried again at the next move; that the node is away is said at the top of the page.
      }
    });
  }
}
customElements.define("post-feed", PostFeed);

/**
 * @param {Options} options
 * @returns {PostFeed}
 */
export function feed(options) {
  const made = /** @type {PostFeed} */ (document.createElement("post-feed"));
  made.options = options;
  made.pages = new FeedPages(options.path, options.query ?? {});
  made.window.forgets = options.isMarked === undefined;
  return made;
}
