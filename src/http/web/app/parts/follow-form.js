// Follows someone by their invite or key, typed, pasted or read with the camera. Who it is is shown before.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { followButton } from "./follow-button.js";
import { standing } from "./relations.js";
import { canScan, scan } from "./scan.js";

/** @typedef {import("../core/types.js").Account} Account */

/** How often, and after how many milliseconds each, it is asked whether a name has come. */
const [TURNS, PAUSE] = [10, 1_500];

let count = 0;

/**
 * @param {{onfollowed?: (account: Account) => void}} [options]
 * @returns {HTMLElement}
 */
export function followForm({ onfollowed } = {}) {
  const id = `follow-${(count += 1)}`;
  const box = el("input", { class: "input", id, dir: "auto", autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "search" });
  const found = el("div", { class: "follow-found", role: "status" });
  let turn = 0;
  const look = async () => {
    const [text, mine] = [box.value.trim(), ++turn];
    if (!text) return box.focus();
    put(found, el("span", { class: "spinner", "aria-hidden": true }));
    try {
      const { accounts } = await get("/api/v2/search", { q: text, resolve: true, type: "accounts", limit: 5 });
      if (mine === turn) show(found, accounts, onfollowed);
    } catch (error) {
      if (mine === turn) put(found, el("p", { class: "wrong-words" }, reason(error)));
    }
  };
  const camera = el("span", { class: "follow-camera" });
  void canScan().then((can) => {
    const read = async () => {
      const text = await scan();
      if (text) [box.value] = [text];
      if (text) void look();
    };
    put(camera, can ? el("button", { type: "button", class: "button", onclick: read }, icon("camera"), t("follow.scan")) : el("span", { class: "soft small" }, t("follow.noscan")));
  });
  return el(
    "div",
    { class: "stack" },
    el(
      "form",
      { class: "follow-form", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void look()) },
      el("div", { class: "field" }, el("label", { for: id }, t("follow.label")), box, el("p", { class: "soft small" }, t("follow.hint"))),
      el("div", { class: "row" }, el("button", { class: "button" }, icon("search"), t("follow.look")), camera),
    ),
    found,
  );
}

/**
 * @param {HTMLElement} into
 * @param {Account[]} accounts
 * @param {((account: Account) => void) | undefined} onfollowed
 */
function show(into, accounts, onfollowed) {
  if (accounts.length === 0) return void put(into, el("p", null, t("follow.nobody")));
  put(into, el("ul", { class: "things" }, accounts.map((account) => person(account, onfollowed))));
}

/**
 * Who they are comes with their posts, a moment after one has begun to follow them.
 * @param {Account} account
 * @param {(account: Account) => void} onlearnt
 */
async function learnName(account, onlearnt) {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((next) => setTimeout(next, PAUSE));
    const found = await get(`/api/v1/accounts/${account.id}`).catch(() => account);
    if (found.display_name) return onlearnt(found);
  }
}

/**
 * @param {Account} account
 * @param {((account: Account) => void) | undefined} onfollowed
 */
function person(account, onfollowed) {
  const item = el("li");
  put(item, card(account, (followed) => {
    onfollowed?.(followed);
    if (!isNamed(followed)) void learnName(followed, (known) => put(item, card(known, () => {})));
  }));
  return item;
}

/** @param {Account} account */
function isNamed({ majlis, display_name: name }) {
  return Boolean(majlis.petname || name || majlis.own);
}

/**
 * @param {Account} account
 * @param {(account: Account) => void} onfollowed
 */
function card(account, onfollowed) {
  /** @type {boolean | null} */
  let before = null;
  const told = standing(account.id, null, ({ following }) => {
    if (following && before === false) onfollowed(account);
    before = following;
  });
  return [
    accountRow(account, undefined, account.majlis.own ? el("span", { class: "soft small" }, t("follow.self")) : followButton(account, undefined, { isMain: true })),
    !isNamed(account) && el("p", { class: "soft small" }, t("follow.unknown")),
    told,
  ];
}
