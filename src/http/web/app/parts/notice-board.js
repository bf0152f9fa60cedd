// What concerns the owner, as it comes. What comes while one reads waits above until it is taken in, so that nothing
// moves.

import { connection, get, list, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { on } from "../core/live.js";
import { whyNot } from "../core/say.js";
import { t } from "../core/words.js";
import { glideTo } from "./glide.js";
import { later } from "./later.js";
import { notification } from "./notification.js";
import { groupsOf } from "./notice-groups.js";
import { countAnew } from "./shell.js";

/** @typedef {import("../core/types.js").Notification} Notification */
/** @typedef {import("./notice-groups.js").Group} Group */

const PATH = "/api/v1/notifications";
const LIMIT = 40;
/** Milliseconds in view after which something was seen. */
const GLANCE = 1_200;

class NoticeBoard extends HTMLElement {
  /** Which are shown: all of them where there are none. @type {string[]} */
  types = [];
  /** @type {() => HTMLElement} */
  none = () => el("div");

  /** By their ids. @type {Map<string, Notification>} */
  all = new Map();
  /** Those that have come meanwhile. @type {Map<string, Notification>} */
  waiting = new Map();
  /** @type {Map<string, {element: HTMLElement, stamp: string}>} */
  drawn = new Map();
  /** @type {import("../core/api.js").Query | null} */
  older = {};
  isBusy = false;
  hasBegun = false;
  seen = 0n;
  ends = () => {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  glance;

  news = el("button", { class: "feed-pill-button", onclick: () => this.toNewest() });
  pill = el("div", { class: "feed-pill", role: "status" });
  items = el("ul", { class: "notices" });
  foot = el("div", { class: "endless-foot" });
  mark = el("div", { class: "endless-mark" });
  watch = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && void this.more(), { rootMargin: "800px" });

  connectedCallback() {
    if (!this.items.isConnected) this.append(this.pill, put(this.items, Array.from({ length: 5 }, awaited)), this.foot, this.mark);
    this.watch.observe(this.mark);
    const look = () => document.hidden || this.looked();
    const endLive = on({ notification: ({ data }) => this.come([data]), resumed: () => void this.catchUp() });
    document.addEventListener("visibilitychange", look);
    this.ends = () => (endLive(), document.removeEventListener("visibilitychange", look));
    if (this.hasBegun) void this.catchUp().then(() => this.takeIn());
  }

  disconnectedCallback() {
    this.watch.disconnect();
    clearTimeout(this.glance);
    this.ends();
    // Whoever comes back sees what is new since then.
    for (const one of this.all.values()) if (BigInt(one.id) <= this.seen) one.majlis.unread = false;
  }

  /** The next ones, which are older. */
  async more() {
    if (this.isBusy || !this.older) return;
    this.isBusy = true;
    try {
      const { items, older } = await list(PATH, { types: this.types, limit: LIMIT, ...this.older });
      this.older = items.length < LIMIT ? null : older;
      for (const one of items) this.all.set(one.id, one);
      this.hasBegun = true;
      this.draw();
      put(this.foot, this.older ? el("span", { class: "spinner", "aria-hidden": true }) : this.all.size === 0 && this.none());
    } catch (error) {
      put(
        this.foot,
        el("p", { class: "soft", role: "alert" }, whyNot(error)),
        el("button", { class: "button", onclick: () => void this.more() }, t("action.again")),
      );
      connection.addEventListener("back", () => void this.more(), { once: true });
      return;
    } finally {
      this.isBusy = false;
    }
    requestAnimationFrame(() => this.isConnected && this.mark.getBoundingClientRect().top < innerHeight && void this.more());
  }

  /** What has come while nothing was listened to. */
  async catchUp() {
    const [newest] = this.sorted(this.all.values());
    const found = await get(PATH, { types: this.types, limit: LIMIT, since_id: newest?.id }).catch(() => []);
    this.come(found);
  }

  /** @param {Notification[]} some */
  come(some) {
    for (const one of some) {
      const isWanted = this.types.length === 0 || this.types.includes(one.type);
      if (isWanted && !this.all.has(one.id)) this.waiting.set(one.id, one);
    }
    const n = this.waiting.size;
    if (n === 0 || !this.hasBegun) return;
    const isRead = document.hidden || this.items.contains(document.activeElement) || this.items.getBoundingClientRect().top < 0;
    if (!isRead || this.all.size === 0) return this.takeIn();
    put(this.news, icon("up"), el("span", null, t("notices.news", { n })));
    put(this.pill, this.news);
  }

  toNewest() {
    this.takeIn();
    glideTo(0);
  }

  /** Shows what has come meanwhile. */
  takeIn() {
    for (const [id, one] of this.waiting) this.all.set(id, one);
    if (this.waiting.size > 0 && this.older === null) put(this.foot);
    this.waiting.clear();
    put(this.pill);
    this.draw();
  }

  /** @param {Iterable<Notification>} some */
  sorted(some) {
    return [...some].sort((one, other) => (BigInt(other.id) > BigInt(one.id) ? 1 : -1));
  }

  draw() {
    const sorted = this.sorted(this.all.values());
    const wanted = groupsOf(sorted).map((group) => this.elementOf(group));
    for (const element of [...this.items.children]) if (!wanted.includes(/** @type {HTMLElement} */ (element))) element.remove();
    wanted.forEach(
      (element, index) => this.items.children[index] === element || this.items.insertBefore(element, this.items.children[index] ?? null),
    );
    this.dispatchEvent(new CustomEvent("drawn", { bubbles: true, detail: this.all.size }));
    this.looked();
  }

  /** @param {Group} group */
  elementOf(group) {
    const stamp = group.all.map(({ id, majlis }) => `${id}${majlis.unread}`).join();
    const before = this.drawn.get(group.key);
    if (before?.stamp === stamp) return before.element;
    const element = el(
      "li",
      null,
      notification(group, (one) => this.dismiss(one)),
    );
    this.drawn.set(group.key, { element, stamp });
    return element;
  }

  /** What stands here for a moment was seen, on all devices. */
  looked() {
    clearTimeout(this.glance);
    this.glance = setTimeout(async () => {
      const [newest] = this.sorted(this.all.values());
      if (this.types.length > 0 || document.hidden || !newest || BigInt(newest.id) <= this.seen) return;
      try {
        await post("/api/v1/markers", { notifications: { last_read_id: newest.id } });
        this.seen = BigInt(newest.id);
        await countAnew();
      } catch {
        // It counts as unread until it is seen the next time.
      }
    }, GLANCE);
  }

  /** @param {Group} group */
  dismiss(group) {
    const element = this.drawn.get(group.key)?.element;
    const next = /** @type {HTMLElement | null | undefined} */ (
      (element?.nextElementSibling ?? element?.previousElementSibling)?.querySelector(".dismiss")
    );
    for (const { id } of group.all) this.all.delete(id);
    this.draw();
    next?.focus();
    const act = async () => {
      for (const { id } of group.all) await post(`${PATH}/${id}/dismiss`);
      await countAnew();
    };
    later(t("notices.dismissed"), act, () => {
      for (const one of group.all) this.all.set(one.id, one);
      this.draw();
    });
  }

  /** All of it is off the list. */
  clear() {
    this.all.clear();
    this.waiting.clear();
    this.older = null;
    this.draw();
    put(this.foot, this.none());
  }
}
customElements.define("notice-board", NoticeBoard);

/** What stands where the first ones will. */
function awaited() {
  return el(
    "li",
    { class: "awaited", "aria-hidden": true },
    el(
      "div",
      { class: "notice" },
      el("span", { class: "skeleton" }),
      el("div", { class: "notice-body" }, el("span", { class: "skeleton" }), el("span", { class: "skeleton" })),
    ),
  );
}

/**
 * @param {string[]} types As apps call them; none for all.
 * @param {() => HTMLElement} none What stands there where there is nothing.
 */
export function noticeBoard(types, none) {
  return Object.assign(/** @type {NoticeBoard} */ (document.createElement("notice-board")), { types, none });
}
