// What others have said and done that concerns the owner.

import { post } from "../core/api.js";
import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { onKey } from "../core/keys.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { head } from "../parts/head.js";
import { noticeBoard } from "../parts/notice-board.js";
import { ask } from "../parts/sheet.js";
import { countAnew } from "../parts/shell.js";
import { tabs } from "../parts/tabs.js";

/** What each view shows, as apps call the kinds. @type {Record<string, string[]>} */
const VIEWS = { all: [], mentions: ["mention", "quote"], likes: ["favourite"], shares: ["reblog"], follows: ["follow"], polls: ["poll"] };

/** @returns {import("../core/types.js").Page} */
export default function notifications() {
  /** @type {Map<string, ReturnType<typeof noticeBoard>>} */
  const boards = new Map();
  const views = Object.entries(VIEWS).map(([id, types]) => ({
    id,
    words: t(`notices.view.${id}`),
    make: () => {
      const board = noticeBoard(types, () => empty(t("notices.none"), t(id === "all" ? "notices.none.words" : "notices.none.view")));
      boards.set(id, board);
      return board;
    },
  }));
  const choice = tabs(t("notices.views"), views, { class: "chips" });
  const clear = el(
    "button",
    {
      class: "icon-button",
      "aria-label": t("notices.clear"),
      title: t("notices.clear"),
      disabled: true,
      onclick: () => void clearAll(boards),
    },
    icon("trash"),
  );
  const element = el("div", null, head(t("nav.notifications"), {}, clear), choice.element, choice.panel);
  element.addEventListener("drawn", (event) => void (clear.disabled = /** @type {CustomEvent} */ (event).detail === 0));
  let end = () => {};
  const newest = () => [...boards.values()].find((board) => board.isConnected)?.toNewest();
  return { element, title: t("nav.notifications"), shown: () => void (end = onKey(document, "newest", newest)), hidden: () => end() };
}

/** @param {Map<string, ReturnType<typeof noticeBoard>>} boards */
async function clearAll(boards) {
  if (!(await ask(t("notices.clear"), t("notices.clear.words"), t("notices.clear.do")))) return;
  try {
    await post("/api/v1/notifications/clear");
    for (const board of boards.values()) board.clear();
    await countAnew();
  } catch (error) {
    failed(error);
  }
}
