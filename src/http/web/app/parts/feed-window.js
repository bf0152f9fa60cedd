// Of a long list only what is near to what is seen is in the document; above and below it is empty room of the height
// that all else had.

import { el } from "../core/dom.js";
import { moveBy } from "./glide.js";

/** Windows' heights beside what is seen within which chunks come into the document, and beyond which they leave it. */
const [NEAR, FAR] = [1.5, 2.5];
/** Chunks beside those in the document whose items are remembered. */
const REMEMBERED = 12;
/** The height of an item that was never seen. */
const USUAL = 180;
/** Browsers draw no element that is very much taller. What lies beyond comes as one gets there. */
const MOST_ROOM = 4_000_000;
/** What lies over the top of the page. */
const HEAD = 60;

/**
 * Items that came together.
 * @typedef {object} Chunk
 * @property {any[] | null} items Null where they were let go.
 * @property {number} learnt When they were asked for, by `performance.now()`.
 * @property {number} count
 * @property {string} first
 * @property {string} last
 * @property {number} height
 * @property {HTMLElement | null} element
 */

/**
 * @param {any[]} items
 * @returns {Chunk}
 */
export function chunkOf(items) {
  const [first, last] = [items[0].id, items[items.length - 1].id];
  return { items, learnt: performance.now(), count: items.length, first, last, height: items.length * USUAL, element: null };
}

/**
 * Changes what is above without moving what is seen.
 * @param {HTMLElement} list
 * @param {() => void} change
 * @returns {boolean} Whether there was something to hold on to.
 */
export function keepPlace(list, change) {
  const held = seenFirst(list);
  const before = held?.getBoundingClientRect().top ?? 0;
  change();
  const now = held?.isConnected ? held : held && itemOf(list, held.dataset.item ?? "");
  if (!now) return false;
  moveBy(now.getBoundingClientRect().top - before);
  return true;
}

/**
 * The first item of which something is seen.
 * @param {HTMLElement} list
 */
export function seenFirst(list) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-item]"));
  return [...all].find((item) => item.getBoundingClientRect().bottom > HEAD && !item.hidden) ?? null;
}

/**
 * @param {HTMLElement} list
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export function itemOf(list, id) {
  return list.querySelector(`[data-item="${CSS.escape(id)}"]`);
}

export class FeedWindow {
  /** @type {Chunk[]} */
  chunks = [];
  #above = el("div", { class: "feed-room" });
  #below = el("div", { class: "feed-room" });
  list = el("div", { class: "feed-list", role: "feed", tabindex: -1 }, this.#above, this.#below);
  /** Whether items that are far away are let go, as they can be asked for again. */
  forgets = true;
  #from = 0;
  #to = 0;
  #fill;

  /** @param {(chunk: Chunk) => void} fill Puts the items of a chunk into its element. */
  constructor(fill) {
    this.#fill = fill;
  }

  /** Chunks that are in the document. */
  get live() {
    return this.chunks.slice(this.#from, this.#to);
  }

  /** Where what is in the document begins and ends in the window. */
  get edges() {
    return { top: this.#above.getBoundingClientRect().bottom, bottom: this.#below.getBoundingClientRect().top };
  }

  /** Whether the end of all that is known is in the document. */
  get isAtEnd() {
    return this.#to === this.chunks.length;
  }

  get isAtStart() {
    return this.#from === 0;
  }

  /** @param {Chunk} chunk */
  append(chunk) {
    this.chunks.push(chunk);
    this.look();
  }

  /**
   * Newer ones on top of all. What is seen stays where it is.
   * @param {Chunk[]} chunks
   */
  prepend(chunks) {
    this.chunks.unshift(...chunks);
    this.#from += chunks.length;
    this.#to += chunks.length;
    keepPlace(this.list, () => this.#room());
    this.look();
  }

  clear() {
    this.chunks = [];
    [this.#from, this.#to] = [0, 0];
    this.list.replaceChildren(this.#above, this.#below);
    this.#room();
  }

  /** Puts into the document what has come near, and takes out what is far. */
  look() {
    if (!this.list.isConnected) return;
    let { top, bottom } = this.edges;
    let [from, to] = [this.#from, this.#to];
    // Whoever goes to the very top wants the first, also where the room above is less than all that was there.
    if (scrollY <= 0 && from > 0) {
      top = bottom = this.list.getBoundingClientRect().top;
      [from, to] = [0, 0];
    }
    const [near, far] = [innerHeight * NEAR, innerHeight * FAR];
    while (from > 0 && top > -near) top -= heightOf(this.chunks[(from -= 1)]);
    while (to < this.chunks.length && bottom < innerHeight + near) bottom += heightOf(this.chunks[to++]);
    while (to - from > 1 && top + heightOf(this.chunks[from]) < -far) top += heightOf(this.chunks[from++]);
    while (to - from > 1 && bottom - heightOf(this.chunks[to - 1]) > innerHeight + far) bottom -= heightOf(this.chunks[(to -= 1)]);
    if (from !== this.#from || to !== this.#to) this.#show(from, to, top);
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} top Where it will begin.
   */
  #show(from, to, top) {
    const stay = new Set(this.chunks.slice(from, to));
    const leaving = this.live.filter((chunk) => !stay.has(chunk));
    for (const chunk of leaving) chunk.height = heightOf(chunk);
    [this.#from, this.#to] = [from, to];
    const isHeld = keepPlace(this.list, () => {
      for (const { element } of leaving) if (element?.contains(document.activeElement)) this.list.focus({ preventScroll: true });
      for (const chunk of leaving) {
        chunk.element?.remove();
        chunk.element = null;
      }
      this.#enter();
      this.#room();
    });
    if (!isHeld) moveBy(this.edges.top - top);
    this.#forget();
  }

  /** Those that are to be there and are not yet, each at its place. */
  #enter() {
    /** @type {HTMLElement} */
    let before = this.#above;
    for (const chunk of this.live) {
      if (!chunk.element) {
        chunk.element = el("div", { class: "feed-chunk" });
        before.after(chunk.element);
        this.#fill(chunk);
      }
      before = chunk.element;
    }
  }

  #room() {
    this.#above.style.blockSize = `${roomOf(this.chunks.slice(0, this.#from))}px`;
    this.#below.style.blockSize = `${roomOf(this.chunks.slice(this.#to))}px`;
    this.number();
  }

  /** Says of each item in the document which one it is. */
  number() {
    let position = this.chunks.slice(0, this.#from).reduce((sum, { count }) => sum + count, 0);
    for (const item of this.list.querySelectorAll("[data-item]")) item.setAttribute("aria-posinset", String((position += 1)));
  }

  #forget() {
    if (!this.forgets) return;
    this.chunks.forEach((chunk, at) => {
      if (at < this.#from - REMEMBERED || at >= this.#to + REMEMBERED) chunk.items = null;
    });
  }
}

/** @param {Chunk} chunk */
function heightOf(chunk) {
  return chunk.element?.offsetHeight ?? chunk.height;
}

/** @param {Chunk[]} chunks */
function roomOf(chunks) {
  return Math.min(
    MOST_ROOM,
    chunks.reduce((sum, { height }) => sum + height, 0),
  );
}
