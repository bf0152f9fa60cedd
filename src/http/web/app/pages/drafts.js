// What is not posted yet: what is being written in this browser, what the node keeps, and what waits for its time.

import { connection, get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { failed, reason } from "../core/say.js";
import { t } from "../core/words.js";
import { openComposer } from "../parts/composer.js";
import { isUntouched, pending, writingEvents } from "../parts/composer-state.js";
import { draftRow, scheduledRow, writtenRow } from "../parts/drafts-rows.js";
import { empty } from "../parts/empty.js";
import { head } from "../parts/head.js";
import { outbox } from "../parts/outbox.js";
import { outboxEvents } from "../parts/outbox-send.js";

/** @typedef {import("../core/dom.js").Child} Child */

/** @returns {Promise<import("../core/types.js").Page>} */
export default async function drafts() {
  const into = el("div", { class: "stack" });
  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const parts = await Promise.all([written(draw), node(draw)]);
    if (mine !== turn) return;
    const all = parts.flat().filter((part) => part !== null);
    put(into, all.length ? all : empty(t("drafts.none"), t("drafts.none.words"), el("button", { class: "button main", onclick: () => void openComposer() }, t("nav.write"))));
  };
  const again = () => void draw().catch(failed);
  await draw();
  return {
    title: t("nav.drafts"),
    element: el("div", { class: "drafts-page" }, head(t("nav.drafts")), outbox(), into),
    shown: () => {
      outboxEvents.addEventListener("changed", again);
      writingEvents.addEventListener("changed", again);
      connection.addEventListener("back", again);
      again();
    },
    hidden: () => {
      outboxEvents.removeEventListener("changed", again);
      writingEvents.removeEventListener("changed", again);
      connection.removeEventListener("back", again);
    },
  };
}

/**
 * @param {string} title
 * @param {string} words
 * @param {HTMLElement[]} rows
 */
function group(title, words, rows) {
  if (rows.length === 0) return null;
  return el("section", { class: "stack" }, el("div", null, el("h2", null, t(title)), el("p", { class: "small soft" }, t(words))), el("ul", { class: "stack" }, rows));
}

/** @param {() => Promise<void>} draw */
async function written(draw) {
  const pieces = (await pending()).filter((piece) => !isUntouched(piece));
  return [group("drafts.here", "drafts.here.words", pieces.map((piece) => writtenRow(piece, () => void draw().catch(failed))))];
}

/**
 * What the node has; where it does not answer, that is said in its place.
 * @param {() => Promise<void>} draw
 */
async function node(draw) {
  try {
    const [kept, scheduled] = await Promise.all([get("/api/majlis/v1/drafts"), get("/api/v1/scheduled_statuses")]);
    const waiting = /** @type {import("../core/types.js").Draft[]} */ (kept).filter(({ post_at: at }) => !at);
    return [group("drafts.scheduled", "drafts.scheduled.words", scheduled.map(scheduledRow)), group("drafts.node", "drafts.node.words", waiting.map(draftRow))];
  } catch (error) {
    return [el("p", { role: "alert" }, reason(error), " ", el("button", { class: "button little", onclick: () => void draw().catch(failed) }, t("action.again")))];
  }
}
