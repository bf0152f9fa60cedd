// Answers to a post, each below what it answers, a line at the side of those that belong together.

import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { post } from "./post.js";
import { missing } from "./thread-missing.js";

/** @typedef {import("../core/types.js").Status} Status */

/** Steps to the side; further answers are not moved any more, and say themselves what they answer. */
const DEEPEST = 5;
/** Answers that are shown at once. */
const FIRST = 150;

/** @typedef {{element: HTMLElement, children: HTMLElement, depth: number}} Branch */

export class ThreadTree {
  element = el("div", { class: "branches" });
  #more = el("div");
  #root;
  /** By entry ids. @type {Map<string, Branch>} */
  #branches = new Map();
  /** @type {Status[]} */
  #waiting = [];

  /** @param {string} root The entry id of the post that all this answers. */
  constructor(root) {
    this.#root = root;
  }

  get more() {
    return this.#more;
  }

  get count() {
    return this.#branches.size + this.#waiting.length;
  }

  /** @param {string} entry */
  has(entry) {
    return entry === this.#root || this.#branches.has(entry) || this.#waiting.some(({ majlis }) => majlis.id === entry);
  }

  /**
   * Those that are not there yet, each behind what it answers.
   * @param {Status[]} all
   */
  add(all) {
    this.#waiting.push(...all.filter(({ majlis }) => !this.has(majlis.id)));
    const room = Math.max(FIRST - this.#branches.size, 0);
    this.#show(room);
  }

  /**
   * One that has just come.
   * @param {Status} status
   */
  arrive(status) {
    if (!this.has(status.majlis.id)) this.#place(status);
  }

  /** @param {number} count */
  #show(count) {
    for (const status of this.#waiting.splice(0, count)) this.#place(status);
    const left = this.#waiting.length;
    put(
      this.#more,
      left > 0 && el("button", { class: "button thread-more", onclick: () => this.#show(FIRST) }, t("thread.more", { n: left })),
    );
  }

  /** @param {Status} status */
  #place(status) {
    const target = status.majlis.reply_to?.id ?? this.#root;
    const parent = target === this.#root ? null : (this.#branches.get(target) ?? this.#gap(target, status));
    const depth = parent ? parent.depth + 1 : 0;
    const made = post(status, { hidesReply: depth <= DEEPEST });
    made.dataset.item = status.id;
    this.#grow(status.majlis.id, made, parent, depth);
  }

  /**
   * What is answered and not held has its place too.
   * @param {string} entry
   * @param {Status} status
   */
  #gap(entry, status) {
    return this.#grow(entry, missing(status.majlis.reply_to), null, 0);
  }

  /**
   * @param {string} entry
   * @param {HTMLElement} shown
   * @param {Branch | null} parent
   * @param {number} depth
   */
  #grow(entry, shown, parent, depth) {
    const children = el("div", { class: depth < DEEPEST ? "branches inner" : "branches" });
    const branch = { element: el("div", { class: "branch" }, shown, children), children, depth };
    this.#branches.set(entry, branch);
    (parent?.children ?? this.element).append(branch.element);
    return branch;
  }
}
