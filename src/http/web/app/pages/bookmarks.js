// Posts on which the owner has put a bookmark, the last that was put first.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";

/** @returns {import("../core/types.js").Page} */
export default function bookmarks() {
  const title = t("nav.bookmarks");
  const posts = feed({
    path: "/api/v1/bookmarks",
    label: title,
    isMarked: ({ bookmarked: isMarked }) => isMarked,
    empty: () => empty(t("bookmarks.none"), t("bookmarks.none.words")),
  });
  const liked = el("a", { class: "button little", href: "/favourites" }, t("nav.favourites"));
  return { element: el("div", null, head(title, {}, liked), posts), title };
}
