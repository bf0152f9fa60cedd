// All posts that the node holds, whoever wrote them.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";

/** @returns {import("../core/types.js").Page} */
export default function local() {
  const title = t("nav.local");
  const none = () =>
    empty(t("local.none"), t("local.none.words"), el("a", { class: "button main", href: "/people" }, t("home.none.people")));
  const posts = feed({ path: "/api/v1/timelines/public", label: title, stream: "public", empty: none });
  return { element: el("div", null, head(title), posts), title };
}
