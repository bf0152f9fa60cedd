// Filters: what is to be folded or left out, and where.

import { get, post, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, reason, say } from "../core/say.js";
import { day, moment, t } from "../core/words.js";
import { CONTEXTS, openFilter } from "./settings-filter.js";

/** @typedef {import("../core/types.js").Filter} Filter */

/** @returns {HTMLElement} */
export function filterList() {
  const list = el("ul", { class: "things" });
  const words = el("div", { role: "status" });
  const fill = async () => {
    try {
      /** @type {Filter[]} */
      const filters = await get("/api/v2/filters");
      put(list, filters.map((filter) => row(filter, fill)));
      put(words, filters.length === 0 && el("p", { class: "soft" }, t("filters.none")));
    } catch (error) {
      put(words, el("p", { class: "wrong-words" }, reason(error)));
    }
  };
  void fill();
  return el("div", { class: "stack" }, el("p", { class: "soft" }, t("filters.words")), words, list, el("div", { class: "row" }, el("button", { class: "button", onclick: () => openFilter(null, fill) }, icon("plus"), t("filters.add"))));
}

/** @param {Filter} filter */
function again(filter) {
  const { title, context, filter_action, keywords, expires_at } = filter;
  const left = expires_at ? Math.max(60, Math.round((new Date(expires_at).getTime() - Date.now()) / 1000)) : null;
  return post("/api/v2/filters", { title, context, filter_action, expires_in: left, keywords_attributes: keywords.map(({ keyword, whole_word }) => ({ keyword, whole_word })) });
}

/**
 * @param {Filter} filter
 * @param {() => Promise<void>} onchanged
 */
function row(filter, onchanged) {
  const end = async () => {
    await remove(`/api/v2/filters/${filter.id}`);
    await onchanged();
    say(t("filters.gone", { title: filter.title }), { action: t("action.undo"), onaction: () => again(filter).then(onchanged, failed) });
  };
  const isOver = filter.expires_at !== null && new Date(filter.expires_at) < new Date();
  const where = filter.context.length === CONTEXTS.length ? t("filters.everywhere") : filter.context.map((name) => t(`filters.in.${name}`)).join(t("list.comma"));
  const until = filter.expires_at && el("time", { datetime: filter.expires_at, title: moment(filter.expires_at) }, isOver ? t("filters.over") : t("filters.until", { when: day(filter.expires_at) }));
  return el(
    "li",
    { class: "thing" },
    el(
      "div",
      { class: "grow" },
      el("strong", { class: "clipped", dir: "auto" }, filter.title),
      el("div", { class: "tag-list" }, filter.keywords.filter(({ keyword }) => keyword !== filter.title).map(({ keyword }) => el("span", { class: "chip clipped", dir: "auto" }, keyword)), filter.statuses.length > 0 && el("span", { class: "chip" }, t("filters.posts", { n: filter.statuses.length }))),
      el("p", { class: "soft small" }, t(`filters.${filter.filter_action === "hide" ? "hides" : "warns"}`), " · ", where, until && " · ", until),
    ),
    el("button", { class: "icon-button", "aria-label": t("filters.change", { title: filter.title }), onclick: () => openFilter(filter, onchanged) }, icon("pen")),
    el("button", { class: "icon-button", "aria-label": t("filters.remove", { title: filter.title }), onclick: () => end().catch(failed) }, icon("trash")),
  );
}
