// A list that goes on as far as one reads: people, tags, requests.

import { connection, list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { whyNot } from "../core/say.js";
import { t } from "../core/words.js";

/** @typedef {import("../core/api.js").Query} Query */
/** @typedef {{items: any[], older: Query | null}} Loaded */

/** How far below what is seen the next ones are asked for. */
const AHEAD = "800px";
/** Rows that stand where the first ones will. */
const AWAITED = 6;

class EndlessRows extends HTMLElement {
  /** @type {(from: Query) => Promise<Loaded>} */
  load = async () => ({ items: [], older: null });
  /** @type {(item: any) => import("../core/dom.js").Child} */
  row = () => null;
  /** @type {() => HTMLElement | null} */
  none = () => null;

  rows = el("ul", { class: "endless" });
  foot = el("div", { class: "endless-foot" });
  mark = el("div", { class: "endless-mark" });
  /** @type {Query | null} */
  older = {};
  isBusy = false;
  isSeen = false;
  watch = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      this.isSeen = isIntersecting;
      if (isIntersecting) void this.more();
    },
    { rootMargin: AHEAD },
  );

  connectedCallback() {
    if (!this.firstChild) {
      put(this.rows, Array.from({ length: AWAITED }, awaited));
      this.append(this.rows, this.foot, this.mark);
    }
    this.watch.observe(this.mark);
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }

  async more() {
    if (this.isBusy || !this.older) return;
    this.isBusy = true;
    try {
      const { items, older } = await this.load(this.older);
      this.older = items.length > 0 ? older : null;
      for (const row of this.rows.querySelectorAll(":scope > .awaited")) row.remove();
      this.rows.append(...items.map((item) => el("li", null, this.row(item))));
      const isEmpty = this.rows.children.length === 0;
      put(this.foot, this.older ? el("span", { class: "spinner", "aria-hidden": true }) : isEmpty && this.none());
    } catch (error) {
      const again = () => (put(this.foot, el("span", { class: "spinner", "aria-hidden": true })), void this.more());
      put(
        this.foot,
        el("p", { class: "soft", role: "alert" }, whyNot(error)),
        el("button", { class: "button", onclick: again }, t("action.again")),
      );
      connection.addEventListener("back", () => void this.more(), { once: true });
      return;
    } finally {
      this.isBusy = false;
    }
    if (this.isSeen) requestAnimationFrame(() => this.isNear() && void this.more());
  }

  /** Whether the end is still in view: an observer tells only of changes. */
  isNear() {
    return this.isConnected && this.mark.getBoundingClientRect().top < innerHeight;
  }
}
customElements.define("endless-rows", EndlessRows);

function awaited() {
  const lines = el("div", { class: "grow" }, el("span", { class: "skeleton" }), el("span", { class: "skeleton" }));
  return el(
    "li",
    { class: "awaited", "aria-hidden": true },
    el("div", { class: "account-row" }, el("span", { class: "avatar skeleton" }), lines),
  );
}

/**
 * @param {(from: Query) => Promise<Loaded>} load Gives a page; `from` is what the page before it named.
 * @param {(item: any) => import("../core/dom.js").Child} row
 * @param {() => HTMLElement | null} [none] Where there is nothing at all.
 */
export function rows(load, row, none = () => null) {
  return Object.assign(/** @type {EndlessRows} */ (document.createElement("endless-rows")), { load, row, none });
}

/**
 * Pages that the node links to each other.
 * @param {string} path
 * @param {Query} [query]
 */
export function linked(path, query = {}) {
  return (/** @type {Query} */ from) => list(path, { ...query, ...from });
}

/**
 * Pages that are named by how many come before them.
 * @param {(query: {offset: number, limit: number}) => Promise<any[]>} load
 * @param {number} [limit]
 */
export function counted(load, limit = 40) {
  return async (/** @type {Query} */ { offset = 0 }) => {
    const items = await load({ offset: Number(offset), limit });
    return { items, older: items.length < limit ? null : { offset: Number(offset) + limit } };
  };
}
