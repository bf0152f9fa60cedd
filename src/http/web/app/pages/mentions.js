// Posts that speak to the owner.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";
import { post } from "../parts/post.js";

/** @typedef {import("../core/types.js").Notification} Notification */

/** @returns {import("../core/types.js").Page} */
export default function mentions() {
  const title = t("nav.mentions");
  const posts = feed({
    path: "/api/v1/notifications",
    query: { types: ["mention"] },
    label: title,
    stream: "user",
    arrived: (type, data) => (type === "notification" && data.type === "mention" ? data : null),
    make: shown,
    empty: () => empty(t("mentions.none"), t("mentions.none.words")),
  });
  return { element: el("div", null, head(title), posts), title };
}

/** @param {Notification} notification */
function shown({ status }) {
  // What was said may have been taken back since.
  return status ? post(status) : el("article", { class: "post none", tabindex: 0 }, el("p", { class: "soft" }, t("thread.gone")));
}
