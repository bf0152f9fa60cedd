// Asking the node for the pieces of a list, and for those again that were let go.

import { list } from "../core/api.js";
import { isNewer, justAbove } from "./numbers.js";

/** @typedef {import("../core/api.js").Query} Query */
/** @typedef {import("../core/api.js").Listed<any>} Listed */
/** @typedef {import("./feed-window.js").Chunk} Chunk */

/** Items of a page. */
export const PAGE = 20;
/** Pages that are gone through for what once was one, and for one with something on it. */
const MOST = 6;

export class FeedPages {
  #path;
  #query;
  /** Whether what is later has a higher number, as it is everywhere but where the owner has made the order. */
  isByNumber;

  /**
   * @param {string} path
   * @param {Query} query
   * @param {boolean} isByNumber
   */
  constructor(path, query, isByNumber) {
    this.#path = path;
    this.#query = query;
    this.isByNumber = isByNumber;
  }

  /**
   * @param {Query} at
   * @returns {Promise<Listed>}
   */
  ask(at) {
    return list(this.#path, { ...this.#query, limit: PAGE, ...at });
  }

  /**
   * The next page that has something on it, if there is one.
   * @param {Query} at
   */
  async askOn(at) {
    let page = await this.ask(at);
    for (let turn = 0; page.items.length === 0 && page.older && turn < MOST; turn += 1) page = await this.ask(page.older);
    return page;
  }

  /**
   * What is newer, that next to it.
   * @param {string} than
   */
  askNewer(than) {
    return this.ask({ min_id: than, limit: 2 * PAGE });
  }

  /**
   * What a chunk has now.
   * @param {Chunk} chunk
   * @param {Chunk | undefined} above
   */
  async askAgain(chunk, above) {
    /** @type {Query | null} */
    let at = above ? { max_id: above.last } : this.isByNumber ? { max_id: justAbove(chunk.first) } : {};
    /** @type {any[]} */
    let items = [];
    for (let turn = 0; at && turn < MOST; turn += 1) {
      const page = /** @type {Listed} */ (await this.ask(at));
      items = items.concat(page.items);
      if (this.#isBehind(items, chunk)) break;
      at = page.older;
    }
    return items.slice(0, this.#end(items, chunk)).filter(({ id }) => above || !this.isByNumber || !isNewer(id, chunk.first));
  }

  /**
   * Whether these go on beyond the last of a chunk.
   * @param {any[]} items
   * @param {Chunk} chunk
   */
  #isBehind(items, { last, count }) {
    return this.isByNumber ? items.length > 0 && !isNewer(items[items.length - 1].id, last) : items.length >= count;
  }

  /**
   * @param {any[]} items
   * @param {Chunk} chunk
   */
  #end(items, { last, count }) {
    const at = items.findIndex(({ id }) => (this.isByNumber ? !isNewer(id, last) : id === last));
    if (at < 0) return this.isByNumber ? items.length : count;
    return items[at].id === last ? at + 1 : at;
  }
}
