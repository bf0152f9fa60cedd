// A board of emoji at a button: looked for by name, by group, and those that were used last.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";
import { openBoard } from "./composer-popover.js";
import { allEmoji, findEmoji, recentEmoji, usedEmoji } from "./emoji-data.js";
import { emojiGrid } from "./emoji-grid.js";

/** Found ones that are shown. */
const FOUND = 120;

/**
 * Opens it. It closes when one is chosen, with Escape, and with a click beside it; then the focus is back at the button.
 * @param {HTMLElement} anchor
 * @param {(character: string) => void} onchoose
 */
export function openEmoji(anchor, onchoose) {
  const body = el("div", { class: "emoji-body", tabindex: -1 });
  const groups = el("nav", { class: "emoji-groups", "aria-label": t("emoji.groups") });
  const input = el("input", { class: "input", type: "search", placeholder: t("emoji.search"), "aria-label": t("emoji.search"), dir: "auto", spellcheck: "false", autocomplete: "off" });
  const board = el("div", { class: "emoji-board", popover: "auto", role: "dialog", "aria-label": t("emoji.title") }, el("div", { class: "emoji-head" }, input, groups), body);

  const choose = (/** @type {string} */ character) => {
    usedEmoji(character);
    board.hidePopover();
    onchoose(character);
  };
  const grid = emojiGrid(body, choose);

  const showAll = async () => {
    const all = await allEmoji();
    if (input.value.trim() !== "" || !board.isConnected) return;
    const names = new Map(all.flatMap((group) => group.emoji).map((emoji) => [emoji[0], emoji]));
    const recent = recentEmoji().map((character) => names.get(character)).filter((emoji) => !!emoji);
    /** @type {import("./emoji-data.js").Group[]} */
    const sections = [...(recent.length ? [{ group: "recent", emoji: recent }] : []), ...all];
    groups.hidden = false;
    grid.show(sections.map(({ group, emoji }) => ({ title: t(`emoji.${group}`), emoji })));
    put(groups, sections.map(({ group, emoji }, at) => el("button", { type: "button", title: t(`emoji.${group}`), "aria-label": t(`emoji.${group}`), onclick: () => grid.goTo(at) }, group === "recent" ? icon("clock") : emoji[0][0])));
  };
  const showFound = async () => {
    const query = input.value;
    if (query.trim() === "") return showAll();
    const found = await findEmoji(query, FOUND);
    if (query !== input.value) return;
    groups.hidden = true;
    if (found.length) grid.show([{ title: t("emoji.found", { n: found.length }), emoji: found }]);
    else put(body, el("p", { class: "soft emoji-none", role: "status" }, t("emoji.none")));
  };
  const guarded = (/** @type {() => Promise<void>} */ show) =>
    void show().catch((error) => put(body, el("p", { class: "soft emoji-none", role: "alert" }, reason(error), el("button", { class: "button little", onclick: () => guarded(show) }, t("action.again")))));

  input.addEventListener("input", () => guarded(showFound));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    if (event.key === "ArrowDown") grid.enter();
    else grid.takeFirst();
  });
  openBoard(anchor, board);
  // On a touch screen the keyboard would cover the board.
  if (matchMedia("(hover: hover)").matches) input.focus();
  guarded(showAll);
}
