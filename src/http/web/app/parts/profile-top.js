// Who someone is, at the top of their page: their pictures, names and key, and how the owner stands to them.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { accountMenu, writeTo } from "./account-menu.js";
import { followsYou } from "./account-row.js";
import { avatar, hue } from "./avatar.js";
import { followButton } from "./follow-button.js";
import { keyLine } from "./key-line.js";
import { nameOf } from "./name.js";
import { ownName } from "./own-name.js";
import { asks, biography, counts, featured, fields } from "./profile-said.js";
import { relationTo, standing } from "./relations.js";

/** @typedef {import("../core/types.js").Account} Account */

const WITHOUT = "/static/header.png";

/**
 * @param {Account} account
 * @param {import("./profile-said.js").Featured | null} shown
 * @returns {HTMLElement}
 */
export function profileTop(account, shown) {
  const name = ownName(account);
  return el(
    "section",
    { class: "profile" },
    header(account),
    el("div", { class: "profile-bar" }, portrait(account), account.majlis.own ? editing(account) : acts(account, name.open)),
    el(
      "div",
      { class: "profile-body" },
      el(
        "div",
        { class: "profile-name" },
        el("h2", null, nameOf(account)),
        followsYou(account),
        account.bot && el("span", { class: "chip", title: t("people.bot.words") }, t("people.bot")),
        marks(account),
      ),
      name.element,
      keyLine(account),
      isUnknown(account) && unknown(),
      account.majlis.bio && biography(account),
      fields(account),
      counts(account),
      asks(account),
      shown && featured(shown),
    ),
  );
}

/**
 * Whether nothing of them has come here yet.
 * @param {Account} account
 */
export function isUnknown({ majlis, display_name: name, statuses_count: posts, last_status_at: last }) {
  return !majlis.own && !majlis.petname && !name && posts === 0 && last === null;
}

function unknown() {
  return el("p", { class: "card note", role: "status" }, icon("clock"), el("span", null, t("profile.unknown")));
}

/** @param {Account} account */
function header({ header: picture, header_description: described, acct }) {
  const hasPicture = !picture.endsWith(WITHOUT);
  const shown = el(
    "div",
    { class: hasPicture ? "profile-header" : "profile-header plain" },
    hasPicture && enlarging(picture, described, "profile.header"),
  );
  shown.style.setProperty("--hue", String(hue(acct)));
  return shown;
}

/** @param {Account} account */
function portrait(account) {
  const shown = avatar(account, { isLink: false, size: "large" });
  const picture = shown.querySelector("img");
  if (picture) shown.replaceChildren(enlarging(account.avatar, account.avatar_description, "profile.picture"));
  return shown;
}

/**
 * A picture that is seen whole at a press.
 * @param {string} url
 * @param {string} described
 * @param {string} words
 */
function enlarging(url, described, words) {
  const open = async () => {
    const { sheet } = await import("./sheet.js");
    sheet(t(words), el("img", { class: "whole", src: url, alt: described }), { class: "wide" });
  };
  return el(
    "button",
    { class: "enlarging", onclick: open, "aria-label": described || t(words) },
    el("img", { src: url, alt: "", decoding: "async" }),
  );
}

/**
 * @param {Account} account
 * @param {() => void} rename
 */
function acts(account, rename) {
  const more = el(
    "button",
    { class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("people.more") },
    icon("more"),
  );
  more.addEventListener("click", () => accountMenu(more, account, relationTo(account.id), { rename }));
  const write = el(
    "button",
    { class: "icon-button write-to", onclick: () => void writeTo(account), "aria-label": t("people.write"), title: t("people.write") },
    icon("pen"),
  );
  return el("div", { class: "row" }, more, write, followButton(account, undefined, { isMain: true }));
}

/** @param {Account} account */
function editing(account) {
  const more = el(
    "button",
    { class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("people.more") },
    icon("more"),
  );
  more.addEventListener("click", () => accountMenu(more, account, undefined));
  const edit = async () => (await import("./profile-form.js")).openProfileForm();
  return el("div", { class: "row" }, more, el("button", { class: "button", onclick: edit }, icon("pen"), t("profile.edit")));
}

/**
 * What one sees nothing of them for.
 * @param {Account} account
 */
function marks(account) {
  if (account.majlis.own) return null;
  const into = el("span", { class: "row" });
  return standing(account.id, into, ({ muting, blocking, endorsed }) =>
    put(
      into,
      blocking && el("span", { class: "chip" }, t("people.is.blocked")),
      muting && el("span", { class: "chip" }, t("people.is.muted")),
      endorsed && el("span", { class: "chip" }, t("people.is.endorsed")),
    ),
  );
}
