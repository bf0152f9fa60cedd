// Where one is in a list when the page comes to rest.

import { itemOf, seenFirst } from "./feed-window.js";
import { moveBy } from "./glide.js";

/** Where one is: the first item that is seen, and how far below the top of the window. @typedef {{id: string, top: number}} Place */

/** Milliseconds without scrolling after which the page is at rest. */
const REST = 160;

export class FeedRest {
  #list;
  #rested;
  #width = innerWidth;
  /** @type {Place | null} */
  #place = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLElement} list
   * @param {(item: HTMLElement | null, place: Place | null) => void} rested
   */
  constructor(list, rested) {
    this.#list = list;
    this.#rested = rested;
  }

  /** Something moves. */
  moved() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rest(), REST);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #rest() {
    if (!this.#list.isConnected) return;
    const item = seenFirst(this.#list);
    this.#place = item && { id: item.dataset.item ?? "", top: item.getBoundingClientRect().top };
    this.#rested(item, this.#place);
  }

  /** What was seen first is so in a window of another width too. */
  resized() {
    const isOther = innerWidth !== this.#width;
    this.#width = innerWidth;
    if (isOther && this.#place) this.goTo(this.#place);
  }

  /** @param {Place} place */
  goTo({ id, top }) {
    const item = itemOf(this.#list, id);
    if (item) moveBy(item.getBoundingClientRect().top - top);
  }
}
