// A filter, to be made or changed.

import { change, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason, say } from "../core/say.js";
import { t } from "../core/words.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/types.js").Filter} Filter */

export const CONTEXTS = ["home", "notifications", "public", "thread", "account"];
const [HOUR, DAY] = [3_600, 86_400];
/** After how many seconds it ends; an empty one never, `as` as it was. @type {[string, string, number?][]} */
const ENDS = [
  ["", "filters.ends.never"],
  [String(HOUR), "filters.ends.hours", 1],
  [String(DAY), "filters.ends.days", 1],
  [String(7 * DAY), "filters.ends.days", 7],
  [String(30 * DAY), "filters.ends.days", 30],
];

/**
 * @param {Filter | null} filter None: a new one.
 * @param {() => Promise<void>} onsaved
 */
export function openFilter(filter, onsaved) {
  const isNamed = filter !== null && filter.keywords.every(({ keyword }) => keyword !== filter.title);
  const title = el("input", { class: "input", id: "filter-title", dir: "auto", value: isNamed ? filter.title : "", maxlength: 200 });
  const phrases = phraseList(filter);
  const contexts = el("fieldset", { class: "field checks" }, el("legend", null, t("filters.where")), CONTEXTS.map((name) => el("label", { class: "check" }, el("input", { type: "checkbox", value: name, checked: filter ? filter.context.includes(name) : true }), t(`filters.in.${name}`))));
  const actions = el("fieldset", { class: "choices" }, el("legend", null, t("filters.what")), ["warn", "hide"].map((name) => el("label", { class: "choice" }, el("input", { type: "radio", name: "filter-action", value: name, checked: (filter?.filter_action ?? "warn") === name }), el("span", null, el("strong", null, t(`filters.${name}`)), el("span", { class: "soft small" }, t(`filters.${name}.words`))))));
  const ends = el("select", { class: "input", id: "filter-ends" }, filter?.expires_at && el("option", { value: "as" }, t("filters.ends.as")), ENDS.map(([value, words, n]) => el("option", { value }, t(words, { n: n ?? 0 }))));
  const wrong = el("p", { class: "wrong-words", role: "alert" });
  const save = el("button", { class: "button main" }, t("action.save"));
  const store = async () => {
    const [keywords, context] = [phrases.values(), [.../** @type {NodeListOf<HTMLInputElement>} */ (contexts.querySelectorAll("input:checked"))].map(({ value }) => value)];
    const first = keywords.find(({ _destroy }) => !_destroy)?.keyword ?? "";
    if (!first && !filter?.statuses.length) return put(wrong, t("filters.wants.phrase"));
    if (context.length === 0) return put(wrong, t("filters.wants.where"));
    const body = {
      title: title.value.trim() || first,
      context,
      filter_action: /** @type {HTMLInputElement} */ (actions.querySelector("input:checked")).value,
      keywords_attributes: keywords,
      ...(ends.value === "as" ? {} : { expires_in: ends.value ? Number(ends.value) : null }),
    };
    save.disabled = true;
    try {
      await (filter ? change(`/api/v2/filters/${filter.id}`, body) : post("/api/v2/filters", body));
      opened.close();
      say(t("filters.saved"));
      await onsaved();
    } catch (error) {
      put(wrong, reason(error));
    } finally {
      save.disabled = false;
    }
  };
  const opened = sheet(
    t(filter ? "filters.edit" : "filters.add"),
    el(
      "form",
      { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void store()) },
      phrases.element,
      contexts,
      actions,
      el("div", { class: "field" }, el("label", { for: "filter-ends" }, t("filters.ends")), ends),
      el("div", { class: "field" }, el("label", { for: "filter-title" }, t("filters.name")), title),
      wrong,
      el("div", { class: "sheet-actions" }, el("button", { type: "button", class: "button", onclick: () => opened.close() }, t("action.cancel")), save),
    ),
  );
}

/**
 * The phrases, one line each.
 * @param {Filter | null} filter
 */
function phraseList(filter) {
  const rows = el("ul", { class: "stack tight" });
  /** @type {string[]} */
  const gone = [];
  const add = (/** @type {{id?: string, keyword: string, whole_word: boolean}} */ { id, keyword, whole_word }) => {
    const text = el("input", { class: "input", dir: "auto", value: keyword, "aria-label": t("filters.phrase"), "data-id": id, maxlength: 200, autofocus: !filter });
    const whole = el("input", { type: "checkbox", checked: whole_word });
    const drop = () => {
      if (id) gone.push(id);
      row.remove();
      (rows.querySelector("input") ?? more).focus();
    };
    const row = el("li", { class: "phrase-row" }, text, el("label", { class: "check small" }, whole, t("filters.whole")), el("button", { type: "button", class: "icon-button", "aria-label": t("filters.phrase.remove"), onclick: drop }, icon("close")));
    rows.append(row);
    return text;
  };
  const more = el("button", { type: "button", class: "button little", onclick: () => add({ keyword: "", whole_word: true }).focus() }, icon("plus"), t("filters.phrase.add"));
  for (const keyword of filter?.keywords ?? []) add(keyword);
  if (!filter) add({ keyword: "", whole_word: true });
  return {
    element: el("fieldset", { class: "field" }, el("legend", null, t("filters.phrases")), rows, el("div", { class: "row" }, more)),
    /** @returns {Phrase[]} */
    values: () => [...[...rows.children].flatMap(read), ...gone.map((id) => ({ id, _destroy: true }))],
  };
}

/** @typedef {{id?: string, keyword?: string, whole_word?: boolean, _destroy?: boolean}} Phrase */

/**
 * A line of them; one that was emptied goes.
 * @param {Element} row
 * @returns {Phrase[]}
 */
function read(row) {
  const [text, whole] = /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("input"));
  const keyword = text.value.trim();
  const { id } = text.dataset;
  if (!keyword) return id ? [{ id, _destroy: true }] : [];
  return [{ ...(id ? { id } : {}), keyword, whole_word: whole.checked }];
}
