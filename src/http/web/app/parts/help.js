// Help: the keys of the keyboard, and answers to what people ask first.

import { el } from "../core/dom.js";
import { SHORTCUTS } from "../core/keys.js";
import { t } from "../core/words.js";
import { sheet } from "./sheet.js";

const ASKED = ["key", "invite", "read", "delete", "lost", "ai", "off"];
/** Which keys stand together; all others go to pages. @type {[string, string[]][]} */
const GROUPS = [
  ["help.keys.move", ["next", "previous", "open", "newest", "back", "search", "help"]],
  ["help.keys.post", ["write", "reply", "like", "repost", "quote", "bookmark", "unfold", "view", "profile"]],
];

export function answers() {
  return el("div", { class: "answers" }, ASKED.map((name) => el("details", { class: "answer" }, el("summary", null, t(`help.${name}`)), el("p", null, t(`help.${name}.words`)))));
}

/** @param {string} keys */
function pressed(keys) {
  return keys.split(" ").flatMap((key, index) => [index > 0 && ` ${t("help.then")} `, el("kbd", null, key)]);
}

/**
 * @param {string} title
 * @param {typeof SHORTCUTS} shortcuts
 */
function group(title, shortcuts) {
  return el("div", { class: title === "help.keys.pages" ? "keys-group wide" : "keys-group" }, el("h3", null, t(title)), el("dl", null, shortcuts.map(({ keys, words }) => el("div", null, el("dt", null, pressed(keys)), el("dd", null, t(words))))));
}

export function shortcuts() {
  const named = new Set(GROUPS.flatMap(([, names]) => names));
  return el(
    "div",
    { class: "keys-groups" },
    GROUPS.map(([title, names]) => group(title, names.flatMap((name) => SHORTCUTS.filter((shortcut) => shortcut.name === name)))),
    group("help.keys.pages", SHORTCUTS.filter(({ name }) => !named.has(name))),
  );
}

/** Shows it over the page. */
export function openHelp() {
  sheet(t("nav.help"), [el("h2", null, t("help.keys")), shortcuts(), el("h2", null, t("help.asked")), answers()], { class: "help-sheet" });
}
