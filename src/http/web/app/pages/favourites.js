// Posts that the owner likes, the last that was liked first.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";

/** @returns {import("../core/types.js").Page} */
export default function favourites() {
  const title = t("nav.favourites");
  const posts = feed({
    path: "/api/v1/favourites",
    label: title,
    isMarked: ({ favourited: isMarked }) => isMarked,
    empty: () => empty(t("favourites.none"), t("favourites.none.words")),
  });
  return { element: el("div", null, head(title, { isInner: true }), posts), title };
}
