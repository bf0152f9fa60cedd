// All else that can be done with a post, or with regard to whoever wrote it.

import { get, post, remove } from "../core/api.js";
import { el } from "../core/dom.js";
import { failed, say } from "../core/say.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { pin } from "./doing.js";
import { later } from "./later.js";
import { menu } from "./menu.js";
import { nameInText } from "./name.js";
import { postPath } from "./paths.js";
import { quote } from "./post-actions.js";
import { block, mute } from "./relating.js";
import { sheet } from "./sheet.js";
import { gone, hide } from "./shown.js";
import { honest, statementOf, usageWords } from "./usage.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("./menu.js").Item | null} Item */

/**
 * @param {Status} status
 * @param {HTMLElement} anchor
 */
export function openPostMenu(status, anchor) {
  const isOwn = status.account.id === session.me?.id;
  const asked = usageWords(status.majlis.usage);
  menu(anchor, [
    { words: t("post.copy_link"), icon: "link", action: () => copyLink(status) },
    { words: t("post.quote"), icon: "quote", action: () => void quote(status).catch(failed) },
    ...(asked ? [{ words: t("post.asks"), icon: "shield", action: () => showUsage(status) }] : []),
    null,
    ...(isOwn ? own(status) : others(status)),
  ]);
}

/**
 * @param {Status} status
 * @returns {Item[]}
 */
function own(status) {
  return [
    { words: t(status.pinned ? "post.unpin" : "post.pin"), icon: "pin", action: () => void pin(status) },
    { words: t("post.edit"), icon: "pen", action: () => void edit(status).catch(failed) },
    muteItem(status),
    { words: t("post.delete"), icon: "trash", isWrong: true, action: () => takeBack(status) },
  ];
}

/**
 * @param {Status} status
 * @returns {Item[]}
 */
function others(status) {
  const { account } = status;
  const name = nameInText(account);
  return [
    { words: t("post.hide_it"), icon: "eye", action: () => void hideIt(status).catch(failed) },
    muteItem(status),
    { words: t("post.mute", { name }), icon: "mute", action: () => void away(() => mute(account)).catch(failed) },
    { words: t("post.block", { name }), icon: "block", isWrong: true, action: () => void away(() => block(account)).catch(failed) },
  ];
}

/** @param {Status} status */
function copyLink(status) {
  navigator.clipboard.writeText(new URL(postPath(status), location.origin).href).then(() => say(t("post.copied")), failed);
}

/** @param {Status} status */
async function edit(status) {
  const { openComposer } = await import("./composer.js");
  openComposer({ edit: status });
}

/**
 * What its author asks of those who read, in words and as it was signed.
 * @param {Status} status
 */
function showUsage(status) {
  const { usage } = status.majlis;
  sheet(t("post.asks"), [el("p", null, usageWords(usage)), honest(), el("code", { class: "key" }, statementOf(usage))]);
}

/**
 * It is out of sight at once, and taken back when there was time to think better of it.
 * @param {Status} status
 */
function takeBack(status) {
  const { id } = status;
  hide(id, true);
  const act = async () => {
    await remove(`/api/v1/statuses/${id}`);
    gone(id);
  };
  later(t("post.deleted"), act, () => hide(id, false));
}

/**
 * @param {Status} status
 * @returns {Item}
 */
function muteItem(status) {
  const path = `/api/v1/statuses/${status.id}`;
  const undo = () => void post(`${path}/unmute`).then(reread, failed);
  const act = async () => {
    await post(`${path}/mute`);
    reread();
    say(t("post.conversation_muted"), { action: t("action.undo"), onaction: undo });
  };
  return { words: t("post.mute_conversation"), icon: "mute", action: () => void act().catch(failed) };
}

/**
 * Posts of someone who is to be seen no longer go.
 * @param {() => Promise<void>} act
 */
async function away(act) {
  await act();
  reread();
}

/** Lists look anew at what they show. */
function reread() {
  document.dispatchEvent(new Event("reread"));
}

/**
 * One post is hidden for good, by a filter that holds such posts and can be found among the settings.
 * @param {Status} status
 */
async function hideIt(status) {
  const title = t("post.hidden_filter");
  const filters = /** @type {{id: string, title: string}[]} */ (await get("/api/v2/filters"));
  const filter =
    filters.find((one) => one.title === title) ??
    (await post("/api/v2/filters", { title, context: ["home", "notifications", "public", "thread"], filter_action: "hide" }));
  const made = await post(`/api/v2/filters/${filter.id}/statuses`, { status_id: status.id });
  hide(status.id, true);
  const undo = async () => {
    await remove(`/api/v2/filters/statuses/${made.id}`);
    hide(status.id, false);
  };
  say(t("post.hidden"), { action: t("action.undo"), onaction: () => void undo().catch(failed) });
}
