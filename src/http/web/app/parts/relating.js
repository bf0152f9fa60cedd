// What one does with regard to others: following, muting, blocking, and giving them a name of one's own. Whatever it
// is can be undone.

import { get, post } from "../core/api.js";
import { failed, say } from "../core/say.js";
import { setOwner } from "../core/session.js";
import { t } from "../core/words.js";
import { later } from "./later.js";
import { nameInText } from "./name.js";
import { expect, learn, relate, relationTo } from "./relations.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Relationship} Relationship */

/**
 * @param {Account} account
 * @param {string} words
 * @param {() => Promise<unknown>} back
 */
function sayWithUndo(account, words, back) {
  say(t(words, { name: nameInText(account) }), { action: t("action.undo"), onaction: () => void back().catch(failed) });
}

/**
 * @param {Account} account
 * @param {boolean} [isPrivate] Nobody is told but them.
 */
export async function follow(account, isPrivate = false) {
  const will = { following: true, majlis: { account: account.majlis.account, private: isPrivate } };
  const isFollowed = relationTo(account.id)?.following;
  // Apps of others know no private follows, so that this is asked elsewhere than they ask.
  if (isPrivate || isFollowed) await relate(account.id, will, "follow", { private: isPrivate }, "/api/majlis/v1/accounts");
  else await relate(account.id, will, "follow");
  countOwn();
}

/** The owner follows more or fewer people than before. */
function countOwn() {
  get("/api/v1/accounts/verify_credentials").then(setOwner, () => {
    // The count is right the next time that it is asked for.
  });
}

/**
 * What the node holds of them is forgotten with it and may not come back, so that it waits a little.
 * @param {Account} account
 */
export function unfollow(account) {
  const end = expect(account.id, { following: false });
  const act = async () => {
    learn(await post(`/api/v1/accounts/${account.id}/unfollow`));
    end();
    countOwn();
  };
  later(t("people.unfollowed", { name: nameInText(account) }), act, end);
}

/**
 * @param {Account} account
 * @param {number} [seconds] For good where it is left out.
 */
export async function mute(account, seconds = 0) {
  await relate(account.id, { muting: true }, "mute", { duration: seconds });
  sayWithUndo(account, "people.muted", () => unmute(account));
}

/** @param {Account} account */
export function unmute(account) {
  return relate(account.id, { muting: false }, "unmute");
}

/** @param {Account} account */
export async function block(account) {
  const before = relationTo(account.id);
  const lists = before?.following ? await get(`/api/v1/accounts/${account.id}/lists`) : [];
  await relate(account.id, { blocking: true, following: false }, "block");
  sayWithUndo(account, "people.blocked", async () => {
    await unblock(account);
    if (!before?.following) return;
    await follow(account, before.majlis.private);
    for (const { id } of lists) await post(`/api/v1/lists/${id}/accounts`, { account_ids: [account.id] });
  });
}

/** @param {Account} account */
export function unblock(account) {
  return relate(account.id, { blocking: false }, "unblock");
}

/**
 * @param {Account} account
 * @param {boolean} on
 */
export async function endorse(account, on) {
  await relate(account.id, { endorsed: on }, on ? "endorse" : "unendorse");
  sayWithUndo(account, on ? "people.endorsed" : "people.unendorsed", () =>
    relate(account.id, { endorsed: !on }, on ? "unendorse" : "endorse"),
  );
}

/**
 * Gives someone a name that only the owner sees; empty takes it away.
 * @param {Account} account
 * @param {string} name
 */
export async function rename(account, name) {
  await relate(account.id, { note: name }, "note", { comment: name });
  account.majlis.petname = name || null;
}
