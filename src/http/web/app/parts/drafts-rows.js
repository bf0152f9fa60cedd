// What waits to be written on or to be posted, as rows: what it says, what it is, and what can be done with it.

import { change, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { ago, moment, t } from "../core/words.js";
import { withNames } from "./composer-mentions.js";
import { localTime, timeWrong } from "./composer-more.js";
import { openComposer, openWriting } from "./composer.js";
import { remember } from "./composer-state.js";
import { erase } from "./drafts-store.js";
import { later } from "./later.js";
import { nameInText } from "./name.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {import("../core/types.js").Draft} Draft */
/** @typedef {import("../core/types.js").Scheduled} Scheduled */

const EXCERPT = 300;
/** What is posted within so many milliseconds is taken away at once. */
const SOON = 60_000;

/** Those that are taken away if nobody thinks better of it. @type {Set<string>} */
const going = new Set();

/**
 * @param {string} text
 * @param {string} otherwise Where there are no words.
 * @param {import("../core/dom.js").Child} said
 * @param {...import("../core/dom.js").Child} tools
 */
function row(text, otherwise, said, ...tools) {
  const short = text.trim().slice(0, EXCERPT);
  return el("li", { class: "card draft-row" }, short ? el("p", { class: "draft-words", dir: "auto" }, short) : el("p", { class: "soft" }, otherwise), el("p", { class: "small soft" }, said), el("div", { class: "row" }, tools));
}

/**
 * @param {string} words
 * @param {() => unknown} action
 * @param {string} [picture]
 */
function tool(words, action, picture) {
  return el("button", { class: "button little", onclick: () => void Promise.resolve(action()).catch(failed) }, picture && icon(picture), t(words));
}

/** @param {Writing} writing */
function aboutWhat({ replyTo, quote, edit }) {
  if (edit) return t("drafts.edit");
  if (replyTo) return t("drafts.reply", { name: nameInText(replyTo.account) });
  return quote ? t("drafts.quote", { name: nameInText(quote.account) }) : t("drafts.new");
}

/**
 * What is being written in this browser.
 * @param {Writing} writing
 * @param {() => void} changed
 */
export function writtenRow(writing, changed) {
  const { files, poll, at } = writing;
  const away = async () => {
    await erase("writing", writing.id);
    changed();
    say(t("drafts.deleted"), { action: t("action.undo"), onaction: () => void remember(writing).then(changed).catch(failed) });
  };
  const said = [aboutWhat(writing), files.length > 0 && t("drafts.files", { n: files.length }), poll && t("write.poll.title"), ago(new Date(at))].filter((piece) => !!piece).join(" · ");
  return row(writing.text, t("drafts.noWords"), said, tool("drafts.goOn", () => openWriting(writing), "pen"), tool("drafts.delete", away, "trash"));
}

/**
 * One of the node's drafts.
 * @param {Draft} draft
 */
export function draftRow(draft) {
  const path = `/api/majlis/v1/drafts/${draft.draft}`;
  const said = [draft.reply_to && t("drafts.reply.some"), draft.quote && t("drafts.quote.some"), draft.files.length > 0 && t("drafts.files", { n: draft.files.length }), draft.poll && t("write.poll.title"), ago(draft.saved_at)].filter((piece) => !!piece).join(" · ");
  const made = row(draft.text, t("drafts.noWords"), said, tool("drafts.goOn", () => openComposer({ draft: draft.draft }), "pen"), tool("drafts.delete", () => away(made, path), "trash"));
  made.hidden = going.has(path);
  void showNames(made, draft.text);
  return made;
}

/**
 * A post that waits for its time.
 * @param {Scheduled} scheduled
 */
export function scheduledRow(scheduled) {
  const path = `/api/v1/scheduled_statuses/${scheduled.id}`;
  const { params, media_attachments: files } = scheduled;
  const when = el("span");
  const show = () => put(when, icon("clock"), " ", t("drafts.at", { when: moment(scheduled.scheduled_at) }), files.length > 0 && ` · ${t("drafts.files", { n: files.length })}`);
  const moving = el("div");
  const move = () => {
    const input = el("input", { class: "input", type: "datetime-local", dir: "ltr", "aria-label": t("write.time"), ".value": localTime(new Date(scheduled.scheduled_at).getTime()), min: localTime(Date.now()) });
    const wrong = el("p", { class: "wrong-words small", role: "alert" });
    const save = async () => {
      put(wrong, input.value ? timeWrong(input.value) : t("write.time.past"));
      if (wrong.hasChildNodes()) return;
      scheduled.scheduled_at = (await change(path, { scheduled_at: new Date(input.value).toISOString() })).scheduled_at;
      show();
      close();
    };
    const close = () => (put(moving), mover.focus());
    put(moving, el("div", { class: "row" }, input, tool("action.save", save), tool("action.cancel", close)), wrong);
    input.focus();
  };
  const mover = tool("drafts.move", move, "clock");
  const take = () => (new Date(scheduled.scheduled_at).getTime() - Date.now() < SOON ? remove(path).then(() => made.remove()) : away(made, path));
  show();
  const made = row(params.text, params.poll?.options.join(" · ") ?? t("drafts.noWords"), when, tool("drafts.open", () => openComposer({ scheduled: scheduled.id }), "pen"), mover, tool("drafts.delete", take, "trash"));
  made.append(moving);
  made.hidden = going.has(path);
  void showNames(made, params.text);
  return made;
}

/**
 * @param {HTMLElement} made
 * @param {string} path
 */
function away(made, path) {
  const show = (/** @type {boolean} */ isShown) => {
    made.hidden = !isShown;
    if (isShown) going.delete(path);
    else going.add(path);
  };
  show(false);
  later(t("drafts.deleted"), () => remove(path), () => show(true));
}

/**
 * Puts names in the places of keys.
 * @param {HTMLElement} made
 * @param {string} text
 */
async function showNames(made, text) {
  if (!text.includes("@")) return;
  const named = await withNames(text, []);
  const words = made.querySelector(".draft-words");
  if (words) put(words, named.trim().slice(0, EXCERPT));
}
