// Who holds the owner's posts, beside their own node.

import { get } from "../core/api.js";
import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { openInvite } from "./invite-card.js";
import { plainName } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Holder} Holder */

/**
 * The accounts of those that are known by a number.
 * @param {(string | null)[]} numbers
 * @returns {Promise<Map<string, Account>>}
 */
export async function accountsOf(numbers) {
  const known = [...new Set(numbers.filter((number) => number !== null))];
  /** @type {Account[]} */
  const accounts = known.length ? await get("/api/v1/accounts", { id: known }) : [];
  return new Map(accounts.map((account) => [account.id, account]));
}

/** Someone whose account is not known. */
export function someone() {
  return el("span", { class: "avatar someone" }, icon("device"));
}

/**
 * @param {Holder[]} holders
 * @param {Map<string, Account>} accounts
 */
export function holderList(holders, accounts) {
  const holding = holders.filter((holder) => holder.posts > 0);
  const connected = holding.filter((holder) => holder.connected).length;
  if (holders.length === 0) {
    return el("div", { class: "stack" }, el("p", null, t("holders.nobody")), el("p", { class: "soft small" }, t("holders.nobody.words")), el("div", { class: "row" }, el("button", { class: "button", onclick: openInvite }, icon("share"), t("invite.title"))));
  }
  return el(
    "div",
    { class: "stack" },
    el("p", null, t("holders.count", { n: holding.length }), " ", t("holders.connected", { n: connected })),
    el(
      "ul",
      { class: "things" },
      [...holders].sort((one, other) => other.posts - one.posts).map((holder) => {
        const account = holder.account_number ? accounts.get(holder.account_number) : undefined;
        return el(
          "li",
          { class: "thing" },
          account ? avatar(account) : someone(),
          el(
            "div",
            { class: "grow" },
            account ? el("a", { class: "plain", href: `/@${account.acct}` }, el("bdi", { class: "name" }, plainName(account))) : el("span", { class: "name" }, t("peers.someone")),
            el("p", { class: "soft small" }, holder.posts >= holder.of && holder.of > 0 ? t("holders.all") : t("holders.posts", { n: holder.posts })),
            holder.host ? el("p", { class: "soft small" }, t(`holders.host.${holder.host}`)) : null,
          ),
          el("span", { class: holder.connected ? "chip on" : "chip" }, t(holder.connected ? "holders.here" : "holders.away")),
        );
      }),
    ),
    el("p", { class: "soft small" }, t("holders.words")),
  );
}
