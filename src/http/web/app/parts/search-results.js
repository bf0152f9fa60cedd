// What was found: people, tags and posts.

import { get } from "../core/api.js";
import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t, tt } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { empty } from "./empty.js";
import { feed } from "./feed.js";
import { nameInText, nameOf } from "./name.js";
import { post } from "./post.js";
import { counted, rows } from "./rows.js";
import { tabs } from "./tabs.js";
import { tagRow } from "./tag-row.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("../core/types.js").Tag} Tag */
/** @typedef {import("./search-asked.js").Asked} Asked */
/** @typedef {{accounts: Account[], statuses: Status[], hashtags: Tag[]}} Found */

const PATH = "/api/v2/search";
const PAGE = 20;
/** People and tags beside posts. */
const FEW = 3;

/**
 * @param {Asked} asked
 * @param {AbortSignal} signal
 * @param {{view: string, onview: (view: string) => void}} options
 * @returns {Promise<HTMLElement>}
 */
export async function searchResults(asked, signal, { view, onview }) {
  const { q, from, wanted } = asked;
  if (wanted !== null && !from) return empty(t("search.from.none"), t("search.from.none.words"));
  if (from) return said(q, from);
  /** @type {Found} */
  const found = await get(PATH, { q, resolve: true, limit: PAGE }, signal);
  if (found.accounts.length + found.statuses.length + found.hashtags.length === 0) return nothing();
  const choose = (/** @type {string} */ id) => (choice.choose(id), onview(id));
  const choice = tabs(
    t("search.views"),
    [
      { id: "all", words: t("search.view.all"), make: () => all(q, found, choose) },
      { id: "people", words: t("search.view.people"), make: () => rows(paged(q, "accounts"), (one) => accountRow(one), nothing) },
      { id: "tags", words: t("search.view.tags"), make: () => rows(paged(q, "hashtags"), tagRow, nothing) },
      { id: "posts", words: t("search.view.posts"), make: () => posts(q) },
    ],
    { at: view, onchange: onview },
  );
  return el("div", null, choice.element, choice.panel);
}

/**
 * @param {string} q
 * @param {"accounts" | "hashtags" | "statuses"} type
 * @param {import("../core/api.js").Query} [more]
 */
function paged(q, type, more = {}) {
  return counted(async (page) => (await get(PATH, { q, type, resolve: true, ...more, ...page }))[type], PAGE);
}

/**
 * @param {string} q
 * @param {import("../core/api.js").Query} [more]
 */
function posts(q, more) {
  return rows(paged(q, "statuses", more), (one) => post(one), nothing);
}

/**
 * What someone has said.
 * @param {string} q
 * @param {Account} from
 */
function said(q, from) {
  const label = t("search.from", { name: nameInText(from) });
  const found = q
    ? posts(q, { account_id: from.id })
    : feed({ path: `/api/v1/accounts/${from.id}/statuses`, query: { exclude_reblogs: true }, label, empty: nothing });
  return el(
    "section",
    { "aria-label": label },
    el("h2", { class: "padded search-part" }, tt("search.from", { name: nameOf(from) })),
    found,
  );
}

/**
 * @param {string} q
 * @param {Found} found
 * @param {(view: string) => void} choose
 */
function all(q, found, choose) {
  const part = (
    /** @type {string} */ which,
    /** @type {any[]} */ items,
    /** @type {(item: any) => import("../core/dom.js").Child} */ row,
  ) => {
    if (items.length === 0) return null;
    const more = items.length > FEW && el("button", { class: "link", onclick: () => choose(which) }, t("search.more"));
    return el(
      "section",
      null,
      el("div", { class: "row padded search-part" }, el("h2", { class: "grow" }, t(`search.view.${which}`)), more),
      el("ul", { class: "endless" }, items.slice(0, FEW).map(row)),
    );
  };
  const isAlone = found.accounts.length === 1 && found.statuses.length + found.hashtags.length === 0;
  return el(
    "div",
    null,
    part("people", found.accounts, (one) => el("li", null, accountRow(one))),
    isAlone && isNew(found.accounts[0]) && el("p", { class: "card note" }, icon("clock"), el("span", null, t("profile.unknown"))),
    part("tags", found.hashtags, tagRow),
    found.statuses.length > 0 && el("section", null, el("h2", { class: "padded search-part" }, t("search.view.posts")), posts(q)),
  );
}

/** @param {Account} account */
function isNew({ majlis, display_name: name, statuses_count: count }) {
  return !majlis.own && !name && !majlis.petname && count === 0;
}

function nothing() {
  return empty(t("search.none"), t("search.none.words"));
}
