// Someone's page: who they are, and what they have written.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { on } from "../core/live.js";
import { moveTo } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";
import { nameOf, plainName } from "../parts/name.js";
import { post } from "../parts/post.js";
import { readFeatured } from "../parts/profile-said.js";
import { isUnknown, profileTop } from "../parts/profile-top.js";
import { tabs } from "../parts/tabs.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Status} Status */

/** What each view is asked with. @type {Record<string, import("../core/api.js").Query>} */
const VIEWS = { posts: { exclude_replies: true }, replies: {}, media: { only_media: true, exclude_reblogs: true } };

/**
 * @param {import("../core/types.js").Place} place
 * @returns {Promise<import("../core/types.js").Page>}
 */
export default async function profile({ path, parts: { key }, query }) {
  const find = () => get("/api/v1/accounts/lookup", { acct: key });
  /** @type {Account} */
  let account = await find();
  let shown = account.majlis.own ? await readFeatured() : null;
  const top = el("div", null);
  const title = el("span", null);
  const draw = () => {
    const controls = () => /** @type {HTMLElement[]} */ ([...top.querySelectorAll("a, button, summary")]);
    const focused = controls().indexOf(/** @type {HTMLElement} */ (document.activeElement));
    put(title, nameOf(account));
    put(top, profileTop(account, shown));
    choice.element.hidden = choice.panel.hidden = isUnknown(account);
    controls()[focused]?.focus({ preventScroll: true });
  };
  const renew = async () => {
    const before = JSON.stringify([account, shown]);
    account = await find().catch(() => account);
    if (shown) shown = await readFeatured().catch(() => shown);
    if (JSON.stringify([account, shown]) !== before && !top.querySelector("form")) draw();
  };
  top.addEventListener("renamed", async () => {
    account = await find().catch(() => account);
    draw();
    /** @type {HTMLElement | null} */ (top.querySelector(".own-name button, .profile-bar button:last-of-type"))?.focus();
  });
  const views = Object.keys(VIEWS).map((id) => ({ id, words: t(`profile.view.${id}`), make: () => written(account, id) }));
  const choice = tabs(t("profile.views"), views, {
    at: query.get("view"),
    onchange: (id) => moveTo(id === "posts" ? path : `${path}?view=${id}`),
  });
  draw();
  const changed = () => void renew();
  let end = () => {};
  return {
    element: el("div", null, head(title, { isInner: true }), top, choice.element, choice.panel),
    title: plainName(account),
    shown: () => {
      if (account.majlis.own) session.addEventListener("changed", changed);
      // The first words of someone who was looked for have come.
      end = on({ update: ({ data }) => isUnknown(account) && data.account.id === account.id && changed(), resumed: changed });
      changed();
    },
    hidden: () => {
      session.removeEventListener("changed", changed);
      end();
    },
  };
}

/**
 * @param {Account} account
 * @param {string} view
 */
function written(account, view) {
  const path = `/api/v1/accounts/${account.id}/statuses`;
  const none = () =>
    empty(
      t(account.majlis.own ? "profile.none.own" : "profile.none"),
      account.majlis.own ? t("profile.none.own.words") : t("profile.none.words"),
    );
  const fits = (/** @type {Status} */ { in_reply_to_id: answers, media_attachments: files, reblog }) =>
    view === "replies" || (view === "posts" ? answers === null : files.length > 0 && !reblog);
  const posts = feed({
    path,
    query: VIEWS[view],
    label: t(`profile.view.${view}`),
    stream: "user",
    arrived: (type, data) => (type === "update" && data.account.id === account.id && fits(data) ? data : null),
    empty: none,
  });
  return el("div", null, view === "posts" && account.majlis.own && pinned(path), posts);
}

/**
 * Those that stand above all others.
 * @param {string} path
 */
function pinned(path) {
  const into = el("div", { class: "pinned" });
  get(path, { pinned: true }).then(
    (/** @type {Status[]} */ all) =>
      put(
        into,
        all.map((one) => post(one)),
      ),
    () => {
      // They stand among the others as well.
    },
  );
  return into;
}
