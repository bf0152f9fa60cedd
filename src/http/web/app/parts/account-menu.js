// All that can be done with regard to someone.

import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { menu } from "./menu.js";
import { nameInText } from "./name.js";
import { block, endorse, follow, mute, unblock, unmute } from "./relating.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Relationship} Relationship */
/** @typedef {import("./menu.js").Item} Item */

const DAY = 86_400;

/**
 * @param {HTMLElement} anchor
 * @param {Account} account
 * @param {Relationship | undefined} relation
 * @param {{rename?: () => void}} [options] Gives them a name, where that is done beside the menu.
 */
export function accountMenu(anchor, account, relation, { rename } = {}) {
  /** @type {(Item | null)[]} */
  const items = [{ words: t("people.copy.link"), icon: "link", action: () => copy(account.url) }];
  if (account.majlis.own || !relation) return menu(anchor, items);
  items.unshift({ words: t("people.write"), icon: "pen", action: () => void writeTo(account) });
  if (rename) items.push({ words: t("people.rename"), icon: "person", action: rename });
  if (relation.following) items.push({ words: t("people.lists"), icon: "list", action: () => void openLists(account) });
  if (!relation.blocking) items.push(...following(account, relation), null, ...distance(anchor, account, relation));
  const end = { words: t("people.unblock"), icon: "block", action: () => void unblock(account).catch(failed) };
  items.push(
    relation.blocking ? end : { words: t("people.block"), icon: "block", isWrong: true, action: () => void block(account).catch(failed) },
  );
  menu(anchor, items);
}

/**
 * Who is told that one follows, and who is shown on one's own page.
 * @param {Account} account
 * @param {Relationship} relation
 * @returns {Item[]}
 */
function following(account, { following: isFollowed, endorsed, majlis }) {
  const isPrivate = isFollowed && majlis.private;
  const words = !isFollowed ? "people.follow.private" : isPrivate ? "people.follow.open" : "people.follow.hide";
  return [
    { words: t(words), icon: isPrivate ? "eye" : "lock", action: () => void followAs(account, !isPrivate) },
    {
      words: t(endorsed ? "people.unendorse" : "people.endorse"),
      icon: "pin",
      action: () => void endorse(account, !endorsed).catch(failed),
    },
  ];
}

/**
 * @param {Account} account
 * @param {boolean} isPrivate
 */
async function followAs(account, isPrivate) {
  try {
    await follow(account, isPrivate);
    say(t(isPrivate ? "people.followed.private" : "people.followed.open", { name: nameInText(account) }));
  } catch (error) {
    failed(error);
  }
}

/**
 * @param {HTMLElement} anchor
 * @param {Account} account
 * @param {Relationship} relation
 * @returns {Item[]}
 */
function distance(anchor, account, { muting }) {
  if (muting) return [{ words: t("people.unmute"), icon: "mute", action: () => void unmute(account).catch(failed) }];
  const choose = (/** @type {number} */ seconds) => () => void mute(account, seconds).catch(failed);
  const lengths = () =>
    menu(anchor, [
      { words: t("people.mute.day"), icon: "clock", action: choose(DAY) },
      { words: t("people.mute.week"), icon: "clock", action: choose(7 * DAY) },
      { words: t("people.mute.ever"), icon: "mute", action: choose(0) },
    ]);
  return [{ words: t("people.mute"), icon: "mute", action: lengths }];
}

/** @param {string} text */
function copy(text) {
  navigator.clipboard.writeText(text).then(() => say(t("action.copied")), failed);
}

/** @param {Account} account */
export async function writeTo(account) {
  const { openComposer } = await import("./composer.js");
  openComposer({ text: `@${account.acct} ` });
}

/** @param {Account} account */
async function openLists(account) {
  (await import("./lists-of.js")).openListsOf(account);
}
