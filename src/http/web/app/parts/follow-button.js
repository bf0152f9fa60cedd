// Following someone, and following them no longer.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { nameInText } from "./name.js";
import { follow, unblock, unfollow } from "./relating.js";
import { learn, relationTo, standing } from "./relations.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Relationship} Relationship */

/**
 * @param {Account} account
 * @param {Relationship} [relationship] As it is known; else it is asked.
 * @param {{isMain?: boolean}} [options] Where it is the one thing to do.
 * @returns {HTMLElement | null} Nothing for the owner.
 */
export function followButton(account, relationship, { isMain = false } = {}) {
  if (account.majlis.own) return null;
  if (relationship) learn(relationship);
  const button = el("button", { class: `button follow ${isMain ? "" : "little"}`, onclick: () => press(account) });
  const unseen = el("span", { class: "unseen" }, ` ${nameInText(account)}`);
  // Its place is kept until it is known what it says.
  put(button, t("people.follow"), unseen);
  button.classList.add("unknown");
  return standing(account.id, button, (relation) => {
    const { following, blocking } = relation;
    const isSecret = following && relation.majlis.private;
    button.classList.remove("unknown");
    button.classList.toggle("on", following);
    button.classList.toggle("wrong", blocking);
    if (blocking) button.removeAttribute("aria-pressed");
    else button.setAttribute("aria-pressed", String(following));
    button.title = following ? t(isSecret ? "people.stop.private" : "people.stop") : "";
    const words = blocking ? "people.unblock" : following ? "people.following" : "people.follow";
    put(button, following && icon(isSecret ? "lock" : "check"), t(words), unseen);
  });
}

/** @param {Account} account */
function press(account) {
  const relation = relationTo(account.id);
  if (relation?.blocking) unblock(account).catch(failed);
  else if (relation?.following) unfollow(account);
  else follow(account).catch(failed);
}
