// A list: its name, who is on it, and what can be done with it.

import { change, get, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { openListMembers } from "./list-members.js";
import { menu } from "./menu.js";
import { ask } from "./sheet.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").NamedList} NamedList */

const FACES = 6;

/**
 * @param {NamedList} list
 * @param {() => void} gone Called when it is no more.
 */
export function listCard(list, gone) {
  const title = el("div", { class: "grow" });
  const people = el(
    "button",
    { class: "list-people", onclick: () => openListMembers(list, showPeople) },
    el("span", { class: "skeleton" }),
  );
  const showPeople = (/** @type {Account[]} */ all) =>
    put(
      people,
      el(
        "span",
        { class: "faces" },
        all.slice(0, FACES).map((one) => avatar(one, { isLink: false, size: "little" })),
      ),
      el("span", { class: "small" }, all.length > 0 ? t("lists.people", { n: all.length }) : t("lists.people.none")),
    );
  get(`/api/v1/lists/${list.id}/accounts`, { limit: "0" }).then(showPeople, () => put(people, t("lists.members")));
  const showTitle = () =>
    put(title, el("a", { class: "list-title", href: `/lists/${list.id}` }, icon("list"), el("bdi", null, list.title)));
  const more = el(
    "button",
    { class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("lists.more") },
    icon("more"),
  );
  const card = el("li", { class: "card list-card" }, el("div", { class: "row nowrap" }, title, more), people);
  const removeList = async () => {
    if (!(await ask(t("lists.delete"), t("lists.delete.words", { title: `\u2068${list.title}\u2069` }), t("lists.delete")))) return;
    try {
      await remove(`/api/v1/lists/${list.id}`);
      card.remove();
      gone();
      say(t("lists.deleted"));
    } catch (error) {
      failed(error);
    }
  };
  more.addEventListener("click", () =>
    menu(more, [
      { words: t("lists.members"), icon: "people", action: () => openListMembers(list, showPeople) },
      { words: t("lists.rename"), icon: "pen", action: () => rename(title, list, showTitle) },
      { words: t("lists.delete"), icon: "trash", isWrong: true, action: () => void removeList() },
    ]),
  );
  showTitle();
  return card;
}

/**
 * In its place.
 * @param {HTMLElement} into
 * @param {NamedList} list
 * @param {() => void} showTitle
 */
function rename(into, list, showTitle) {
  const box = el("input", {
    class: "input grow",
    dir: "auto",
    required: true,
    maxlength: 100,
    ".value": list.title,
    "aria-label": t("lists.name"),
  });
  const close = () => (showTitle(), into.querySelector("a")?.focus());
  const save = async () => {
    try {
      list.title = (await change(`/api/v1/lists/${list.id}`, { title: box.value.trim() })).title;
      close();
    } catch (error) {
      failed(error);
    }
  };
  const form = el(
    "form",
    {
      class: "row",
      onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void save()),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close(),
    },
    box,
    el("button", { class: "button main little" }, t("action.save")),
    el("button", { type: "button", class: "button little", onclick: close }, t("action.cancel")),
  );
  put(into, form);
  box.select();
}
