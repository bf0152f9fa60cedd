// People of whom nothing is shown: muted and blocked, each to be shown again.

import { list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { asked } from "./asked.js";
import { plainName } from "./name.js";
import { block, mute, unblock, unmute } from "./relating.js";
import { standing } from "./relations.js";

/** @typedef {import("../core/types.js").Account} Account */

const MOST = 80;

/** @param {"mute" | "block"} what */
export function hiddenPeople(what) {
  return asked(
    async () => (await list(`/api/v1/${what}s`, { limit: MOST })).items,
    (/** @type {Account[]} */ accounts) => (accounts.length === 0 ? el("p", { class: "soft" }, t(`settings.${what}.none`)) : el("ul", { class: "things" }, accounts.map((account) => row(account, what)))),
  ).element;
}

/**
 * @param {Account} account
 * @param {"mute" | "block"} what
 */
function row(account, what) {
  const act = standing(account.id, null, (relation) => {
    const isOn = what === "mute" ? relation.muting : relation.blocking;
    const change = { mute: isOn ? unmute : mute, block: isOn ? unblock : block }[what];
    const hadFocus = act.contains(document.activeElement);
    put(act, el("button", { class: "button little", onclick: () => Promise.resolve(change(account)).catch(failed) }, t(`settings.${what}.${isOn ? "end" : "again"}`), el("span", { class: "unseen" }, ` ${plainName(account)}`)));
    if (hadFocus) act.querySelector("button")?.focus();
  });
  return el("li", null, accountRow(account, undefined, act));
}
