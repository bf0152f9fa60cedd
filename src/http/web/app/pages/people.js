// People: whom the owner follows, who follows the owner, and all of whom the node holds something.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { accountRow } from "../parts/account-row.js";
import { empty } from "../parts/empty.js";
import { followForm } from "../parts/follow-form.js";
import { head } from "../parts/head.js";
import { inviteCard } from "../parts/invite-card.js";
import { counted, linked, rows } from "../parts/rows.js";
import { searchField } from "../parts/search-field.js";
import { sheet } from "../parts/sheet.js";
import { tabs } from "../parts/tabs.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Place} Place */

/**
 * @param {Place} place
 * @returns {import("../core/types.js").Page}
 */
export default function people({ query }) {
  const { me } = session;
  const own = `/api/v1/accounts/${me?.id}`;
  const row = (/** @type {Account} */ account) => accountRow(account);
  const none = (/** @type {string} */ which) => () => empty(t(`people.${which}.none`), t(`people.${which}.none.words`));
  const views = [
    { id: "following", words: t("people.following.view"), make: () => rows(linked(`${own}/following`), row, none("following")) },
    { id: "followers", words: t("people.followers.view"), make: () => rows(linked(`${own}/followers`), row, none("followers")) },
    {
      id: "known",
      words: t("people.known.view"),
      make: () =>
        rows(
          counted((page) => get("/api/v1/directory", page)),
          row,
          none("known"),
        ),
    },
  ];
  const choice = tabs(t("nav.people"), views, { at: query.get("view") });
  const found = el("div", { class: "people-found", role: "status" });
  const look = searchField({
    label: t("people.search"),
    onsearch: async (text, signal) => {
      const accounts = text ? await get("/api/v1/accounts/search", { q: text, limit: 40 }, signal) : [];
      choice.element.hidden = choice.panel.hidden = text !== "";
      put(
        found,
        text &&
          (accounts.length > 0
            ? el(
                "ul",
                { class: "endless" },
                accounts.map((/** @type {Account} */ one) => el("li", null, row(one))),
              )
            : empty(t("people.search.none"), t("people.search.none.words"))),
      );
    },
  });
  const invite = el(
    "button",
    {
      class: "button",
      onclick: () => void sheet(t("people.invite"), [el("p", { class: "soft" }, t("people.invite.words")), inviteCard()]),
    },
    icon("share"),
    t("people.invite"),
  );
  const form = el(
    "details",
    { class: "card add-someone", open: me?.following_count === 0 },
    el("summary", null, icon("plus"), el("strong", null, t("people.add"))),
    el("div", { class: "add-body" }, followForm()),
  );
  return {
    element: el(
      "div",
      null,
      head(t("nav.people"), {}, invite),
      el("div", { class: "stack padded people-top" }, form, look),
      choice.element,
      choice.panel,
      found,
    ),
    title: t("nav.people"),
  };
}
