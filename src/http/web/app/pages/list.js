// Posts of the people on one of the owner's lists.

import { get, list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "../parts/avatar.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";

/** @typedef {import("../core/types.js").Account} Account */

/** People that are shown at the top. */
const FACES = 8;

/**
 * @param {import("../core/types.js").Place} place
 * @returns {Promise<import("../core/types.js").Page>}
 */
export default async function listPage({ parts: { id } }) {
  const path = `/api/v1/lists/${encodeURIComponent(id)}`;
  const [{ title }, { items: members }] = await Promise.all([get(path), list(`${path}/accounts`, { limit: 0 })]);
  const none = () =>
    empty(
      t(members.length > 0 ? "list.quiet" : "list.none"),
      t(members.length > 0 ? "list.quiet.words" : "list.none.words"),
      el("a", { class: "button main", href: "/lists" }, t("list.change")),
    );
  const posts = feed({ path: `/api/v1/timelines/list/${encodeURIComponent(id)}`, label: title, stream: `list ${id}`, empty: none });
  return {
    element: el(
      "div",
      null,
      head(title, { isInner: true }, el("a", { class: "button little", href: "/lists" }, t("list.change"))),
      faces(members),
      posts,
    ),
    title,
  };
}

/** @param {Account[]} members */
function faces(members) {
  const row = el("div", { class: "list-members padded" });
  const left = members.length - FACES;
  return (
    members.length > 0 &&
    put(
      row,
      members.slice(0, FACES).map((one) => avatar(one, { size: "little" })),
      el("span", { class: "soft small" }, left > 0 ? t("list.more", { n: left }) : t("list.members", { n: members.length })),
    )
  );
}
