// Beneath an own post: whether it is on this device only, or others hold it as well.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { brief, t } from "../core/words.js";

/** @typedef {import("../core/types.js").Status} Status */

/** A post is fresh for so many milliseconds: as long it may be that nobody has fetched it yet. */
const FRESH = 3_600_000;
/** Milliseconds until it is looked at first; each time the wait grows, and it ends after some. */
const FIRST = 2_000;
const SLOWER = 1.7;
const MOST = 14;

class PostDelivery extends HTMLElement {
  /** @type {Status | null} */
  status = null;
  looks = 0;
  isSeen = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  watcher = new IntersectionObserver(([{ isIntersecting }]) => {
    this.isSeen = isIntersecting;
    this.plan();
  });
  turned = () => this.plan();

  connectedCallback() {
    this.draw();
    if (!this.isWaiting()) return;
    this.watcher.observe(this);
    document.addEventListener("visibilitychange", this.turned);
  }

  disconnectedCallback() {
    this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    this.watcher.disconnect();
    document.removeEventListener("visibilitychange", this.turned);
  }

  isWaiting() {
    const { status, looks } = this;
    return status !== null && status.majlis.held_by === 0 && looks < MOST && Date.now() - new Date(status.created_at).getTime() < FRESH;
  }

  plan() {
    clearTimeout(this.timer);
    if (!this.isWaiting()) this.stop();
    else if (this.isSeen && !document.hidden) this.timer = setTimeout(() => void this.look(), FIRST * SLOWER ** this.looks);
  }

  async look() {
    const { status } = this;
    if (!status) return;
    this.looks += 1;
    /** @type {Status | null} */
    const now = await get(`/api/v1/statuses/${status.id}`).catch(() => null);
    if (now && now.majlis.held_by !== status.majlis.held_by) {
      status.majlis.held_by = now.majlis.held_by;
      this.draw();
    }
    if (this.isConnected) this.plan();
  }

  /** Both states lie over each other, so that the one takes no more room than the other. */
  draw() {
    const holders = this.status?.majlis.held_by ?? 0;
    const says = t("delivery.held", { n: holders || 1 });
    put(
      this,
      el("span", { class: "unseen" }, holders > 0 ? says : t("delivery.here")),
      el("span", { "aria-hidden": true, class: holders > 0 ? "off" : "", title: t("delivery.here.words") }, icon("device"), t("delivery.here.short")),
      el("span", { "aria-hidden": true, class: holders > 0 ? "on" : "off", title: says }, icon("check"), t("delivery.held.short", { count: brief(holders), n: holders })),
    );
  }
}
customElements.define("post-delivery", PostDelivery);

/**
 * @param {Status} status
 * @returns {HTMLElement | null} Null where it is someone else's.
 */
export function delivery(status) {
  if (status.majlis.held_by === null || status.majlis.held_by === undefined) return null;
  const made = /** @type {PostDelivery} */ (document.createElement("post-delivery"));
  made.status = status;
  return made;
}
