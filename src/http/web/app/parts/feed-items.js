// The items of a list, chunk by chunk: put on the page, asked for again, taken out, put between.

import { put } from "../core/dom.js";
import { trouble } from "./feed-end.js";
import { FeedWindow, chunkOf, itemOf, keepPlace } from "./feed-window.js";
import { PAGE } from "./feed-pages.js";
import { isNewer } from "./numbers.js";
import { changed, freshen } from "./shown.js";

/** @typedef {import("./feed-window.js").Chunk} Chunk */

export class FeedItems {
  window = new FeedWindow((chunk) => this.#fill(chunk));
  #make;
  #ask;
  #changed;

  /**
   * @param {(item: any) => HTMLElement} make
   * @param {(chunk: Chunk, above: Chunk | undefined) => Promise<any[]>} ask What a chunk has now.
   * @param {() => void} changed Called when there are more or less.
   */
  constructor(make, ask, changed) {
    this.#make = make;
    this.#ask = ask;
    this.#changed = changed;
  }

  /**
   * Whether one is here, as far as they are remembered.
   * @param {string} id
   */
  has(id) {
    return this.window.chunks.some(({ items }) => items?.some((item) => item.id === id));
  }

  /**
   * The last of those that fit.
   * @param {(item: any) => boolean} fits
   * @returns {string | undefined}
   */
  lastOf(fits) {
    return this.window.chunks.flatMap(({ items }) => items ?? []).findLast(fits)?.id;
  }

  /** @param {any[]} items Older than all. */
  append(items) {
    if (items.length > 0) this.window.append(chunkOf(items));
  }

  /** @param {any[]} items Newer than all, the newest first. */
  prepend(items) {
    const [first] = this.window.chunks;
    if (first?.items && first.element && first.count + items.length <= PAGE) {
      first.first = items[0].id;
      this.#replace(first, [...items, ...first.items]);
    } else {
      const count = Math.ceil(items.length / PAGE);
      this.window.prepend(Array.from({ length: count }, (_, at) => chunkOf(items.slice(at * PAGE, (at + 1) * PAGE))));
    }
    this.#changed();
  }

  /**
   * One that has come late is put to its place.
   * @param {any} item
   */
  insert(item) {
    const chunk = this.window.chunks.find(({ last }) => !isNewer(last, item.id));
    if (!chunk?.items) return;
    const at = chunk.items.findIndex(({ id }) => isNewer(item.id, id));
    const items = chunk.items.toSpliced(at < 0 ? chunk.items.length : at, 0, item);
    chunk.first = items[0].id;
    this.#replace(chunk, items);
  }

  /**
   * Takes out all that fits.
   * @param {(item: any) => boolean} fits
   */
  take(fits) {
    for (const chunk of this.window.chunks) {
      const left = chunk.items?.filter((item) => !fits(item));
      if (!left || left.length === chunk.count) continue;
      this.#replace(chunk, left);
      this.#changed();
    }
  }

  /** Looks anew at what is in the document. */
  async reread() {
    this.#freshen();
    if (this.window.forgets) for (const chunk of this.window.live) await this.#reread(chunk);
  }

  /** What has changed elsewhere meanwhile is seen at once. */
  #freshen() {
    for (const { items, learnt } of this.window.live) {
      for (const status of (items ?? []).flatMap(statusesOf)) if (freshen(status, learnt)) changed(status.id, {});
    }
  }

  /** @param {Chunk} chunk */
  #fill(chunk) {
    if (chunk.items) return this.#put(chunk, chunk.items);
    const element = /** @type {HTMLElement} */ (chunk.element);
    element.style.blockSize = `${chunk.height}px`;
    element.classList.add("waits");
    void this.#reread(chunk);
  }

  /** @param {Chunk} chunk */
  async #reread(chunk) {
    const asked = performance.now();
    const { chunks } = this.window;
    const before = chunk.items;
    try {
      const items = await this.#ask(chunk, chunks[chunks.indexOf(chunk) - 1]);
      // What has come meanwhile is not in the answer.
      if (before && chunk.items !== before) return void (await this.#reread(chunk));
      chunk.learnt = asked;
      this.#replace(chunk, items);
      this.#changed();
    } catch (error) {
      if (chunk.element && !chunk.items)
        put(
          chunk.element,
          trouble(error, () => void this.#reread(chunk)),
        );
    }
  }

  /**
   * @param {Chunk} chunk
   * @param {any[]} items
   */
  #replace(chunk, items) {
    if (chunk.element) keepPlace(this.window.list, () => this.#put(chunk, items));
    else if (chunk.items) [chunk.items, chunk.count] = [items, items.length];
    this.window.number();
  }

  /**
   * Shows these, with what is on the page already where that is the same.
   * @param {Chunk} chunk
   * @param {any[]} items
   */
  #put(chunk, items) {
    const element = /** @type {HTMLElement} */ (chunk.element);
    const focused = element.contains(document.activeElement)
      ? /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-item]"))?.dataset.item
      : undefined;
    const before = new Map((chunk.items ?? []).map((item) => [item.id, item]));
    const all = items.map((item) => {
      const old = before.get(item.id);
      const shown = old && itemOf(element, item.id);
      return shown && JSON.stringify(old) === JSON.stringify(item) ? { item: old, shown } : { item, shown: this.#shown(item, chunk) };
    });
    [chunk.items, chunk.count] = [all.map(({ item }) => item), all.length];
    element.style.blockSize = "";
    element.classList.remove("waits");
    arrange(
      element,
      all.map(({ shown }) => shown),
    );
    if (focused && !element.contains(document.activeElement)) (itemOf(element, focused) ?? this.window.list).focus({ preventScroll: true });
  }

  /**
   * @param {any} item
   * @param {Chunk} chunk
   */
  #shown(item, chunk) {
    for (const status of statusesOf(item)) freshen(status, chunk.learnt);
    const made = this.#make(item);
    made.dataset.item = item.id;
    made.setAttribute("aria-setsize", "-1");
    return made;
  }
}

/**
 * @param {any} item
 * @returns {import("../core/types.js").Status[]}
 */
function statusesOf(item) {
  return [item, item.reblog, item.status, item.status?.reblog].filter((one) => one?.majlis?.parts);
}

/**
 * These and no others, in their order; those that are there already are not touched, so that what plays goes on.
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} children
 */
function arrange(parent, children) {
  const stay = new Set(/** @type {Element[]} */ (children));
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}
