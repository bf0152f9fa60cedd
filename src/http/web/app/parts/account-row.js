// Someone in a list of people: who they are in a line or two, and the button to follow them.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { followButton } from "./follow-button.js";
import { nameOf, shortKey } from "./name.js";
import { learn, standing } from "./relations.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Relationship} Relationship */

/** Letters of a biography that are put into one line. */
const LINE = 160;

/**
 * @param {Account} account
 * @param {Relationship} [relationship] As it is known; else it is asked.
 * @param {...import("../core/dom.js").Child} actions In the place of the button to follow.
 */
export function accountRow(account, relationship, ...actions) {
  if (relationship) learn(relationship);
  const line = account.majlis.bio?.slice(0, LINE).replace(/\s+/g, " ").trim();
  const isNameless = !account.display_name && !account.majlis.petname;
  const about = line
    ? el("p", { class: "line", dir: "auto" }, line)
    : el("p", { class: "line" }, isNameless ? t("people.nameless") : el("span", { class: "key" }, shortKey(account.acct)));
  return el(
    "article",
    { class: "account-row" },
    avatar(account),
    el(
      "div",
      { class: "grow" },
      el("a", { class: "account-name", href: `/@${account.acct}` }, nameOf(account)),
      el(
        "div",
        { class: "account-about soft small" },
        account.bot && el("span", { class: "chip" }, t("people.bot")),
        followsYou(account),
        about,
      ),
    ),
    actions.length > 0 ? actions : followButton(account),
  );
}

/**
 * That they follow the owner, where they do.
 * @param {Account} account
 */
export function followsYou(account) {
  if (account.majlis.own) return el("span", { class: "chip" }, t("people.you"));
  const chip = el("span", { class: "chip", hidden: true }, t("people.follows.you"));
  return standing(account.id, chip, ({ followed_by: isFollower }) => {
    chip.hidden = !isFollower;
  });
}
