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

  /**
   * @param {string} path
   * @param {Query} query
   */
  constructor(path, query) {
    this.#path = path;
    this.#query = query;
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
    let at = { max_id: above ? above.last : justAbove(chunk.first) };
    /** @type {any[]} */
    let items = [];
    for (let turn = 0; at && turn < MOST; turn += 1) {
      const page = /** @type {Listed} */ (await this.ask(at));
      items = items.concat(page.items);
      if (items.length > 0 && !isNewer(items[items.length - 1].id, chunk.last)) break;
      at = page.older;
    }
    return items.filter(({ id }) => !isNewer(chunk.last, id) && (above || !isNewer(id, chunk.first)));
  }
}
