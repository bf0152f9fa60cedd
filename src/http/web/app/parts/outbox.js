// On top of the home page: what was sent and has not arrived. Empty where nothing waits.

import { connection } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { isSending, outboxEvents, retry, sendWaiting, throwAway, waiting, writeOn } from "./outbox-send.js";

/** @typedef {import("./outbox-send.js").Job} Job */

/** Milliseconds within which what is sent has mostly arrived; only then is it shown. */
const SOON = 900;
const EXCERPT = 200;

class OutboxList extends HTMLElement {
  show = () => void this.draw().catch(failed);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  drawn = "";

  connectedCallback() {
    outboxEvents.addEventListener("changed", this.show);
    connection.addEventListener("away", this.show);
    connection.addEventListener("back", this.show);
    this.show();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    outboxEvents.removeEventListener("changed", this.show);
    connection.removeEventListener("away", this.show);
    connection.removeEventListener("back", this.show);
  }

  async draw() {
    clearTimeout(this.timer);
    const jobs = await waiting();
    const shown = jobs.filter((job) => job.why !== null || Date.now() - job.at > SOON);
    if (shown.length < jobs.length) this.timer = setTimeout(this.show, SOON);
    const drawn = JSON.stringify(shown.map((job) => [job.id, job.why, isSending(job.id), connection.isAway]));
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    put(this, shown.length > 0 && el("section", { class: "outbox", "aria-label": t("outbox.title") }, shown.map(row)));
  }
}
customElements.define("outbox-list", OutboxList);

/** @returns {HTMLElement} */
export function outbox() {
  return document.createElement("outbox-list");
}

/** @param {Job} job */
function row(job) {
  const isUnderWay = isSending(job.id);
  const { text, files, poll } = job.writing;
  const words = text.trim().slice(0, EXCERPT) || poll?.options.join(" · ") || files.map(({ name }) => name).join(", ");
  const tool = (/** @type {string} */ name, /** @type {() => Promise<unknown>} */ action) => el("button", { class: "button little", disabled: isUnderWay, onclick: () => void action().catch(failed) }, t(name));
  return el(
    "article",
    { class: "card outbox-job" },
    el("p", { class: "outbox-words", dir: "auto" }, words),
    el("p", { class: job.why ? "small wrong-words" : "small soft", role: "status" }, isUnderWay ? el("span", { class: "spinner", "aria-hidden": true }) : icon(job.why ? "warning" : "clock"), el("span", null, state(job, isUnderWay))),
    el("div", { class: "row" }, tool("action.again", () => again(job)), tool("outbox.edit", () => writeOn(job.id)), tool("outbox.away", () => away(job))),
  );
}

/**
 * @param {Job} job
 * @param {boolean} isUnderWay
 */
function state({ why }, isUnderWay) {
  if (isUnderWay) return t("outbox.sending");
  if (why) return t("outbox.refused", { why });
  return t(connection.isAway ? "outbox.nodeAway" : "outbox.waits");
}

/** @param {Job} job */
function again(job) {
  return job.why ? retry(job.id) : sendWaiting();
}

/** @param {Job} job */
async function away(job) {
  const back = await throwAway(job.id);
  say(t("outbox.thrown"), { action: t("action.undo"), onaction: () => void back().catch(failed) });
}
