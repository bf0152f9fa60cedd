// What the people post whom the owner follows.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { itemOf } from "../parts/feed-window.js";
import { head } from "../parts/head.js";
import { HOME, homeStart, notePlace, readUpTo } from "../parts/home-place.js";
import { isNewer } from "../parts/numbers.js";
import { outbox } from "../parts/outbox.js";
import { reminder } from "../parts/recovery.js";

/** @typedef {import("../parts/feed.js").PostFeed} PostFeed */

/** @returns {import("../core/types.js").Page} */
export default function home() {
  const title = t("nav.home");
  const posts = feed({
    path: HOME,
    label: title,
    stream: "user",
    start: homeStart,
    empty: nobodyYet,
    onrest: (place) => notePlace(place, place?.id ?? posts.window.chunks[0]?.first),
  });
  posts.addEventListener("begun", (event) => void markRead(posts, /** @type {CustomEvent<any[]>} */ (event).detail));
  return { element: el("div", { class: "home" }, head(title), reminder(), outbox(), posts), title };
}

/**
 * A line stands where one had read up to the last time.
 * @param {PostFeed} posts
 * @param {any[]} items
 */
async function markRead(posts, items) {
  const last = await readUpTo();
  const at = items.findIndex(({ id }) => last !== null && !isNewer(id, last));
  if (at < 1 || posts.hasNewer) return;
  const item = itemOf(posts.window.list, items[at].id);
  item?.prepend(el("div", { class: "feed-read" }, t("feed.read")));
}

function nobodyYet() {
  return empty(
    t("home.none"),
    t("home.none.words"),
    el("a", { class: "button main", href: "/people" }, t("home.none.people")),
    el("a", { class: "button", href: "/welcome" }, t("home.none.invite")),
  );
}
