// Tags: those that the owner follows, those that stand on the owner's page, and all that begin with some letters.

import { get, list, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { asked } from "../parts/asked.js";
import { head } from "../parts/head.js";
import { searchField } from "../parts/search-field.js";
import { followedTags, tagRow } from "../parts/tag-row.js";

/** @typedef {import("../core/types.js").Tag} Tag */

/** @returns {import("../core/types.js").Page} */
export default function tags() {
  // A tag stays in its row, to be followed again, until one looks elsewhere.
  let isStale = false;
  followedTags.addEventListener("changed", () => void (isStale = true));
  const renew = () => {
    if (isStale && !parts.hidden) void followed.fill();
    isStale &&= Boolean(parts.hidden);
  };
  const found = el("div", { role: "status" });
  const field = searchField({
    label: t("tags.search"),
    onsearch: async (text, signal) => {
      const { hashtags } = text
        ? await get("/api/v2/search", { q: `#${text.replace(/^#/, "")}`, type: "hashtags", limit: 20 }, signal)
        : { hashtags: [] };
      parts.hidden = text !== "";
      renew();
      put(
        found,
        hashtags.length > 0 && el("ul", { class: "endless" }, hashtags.map(tagRow)),
        text && hashtags.length === 0 && el("p", { class: "soft padded" }, t("tags.search.none")),
      );
    },
  });
  const followed = asked(
    async () => (await list("/api/v1/followed_tags", { limit: 80 })).items,
    (/** @type {Tag[]} */ all) =>
      all.length > 0 ? el("ul", { class: "endless" }, all.map(tagRow)) : el("p", { class: "soft" }, t("tags.followed.none")),
  );
  const parts = el(
    "div",
    { class: "stack parted" },
    el("section", { class: "stack padded" }, el("h2", null, t("tags.followed")), followed.element),
    el(
      "section",
      { class: "stack padded" },
      el("h2", null, t("tags.featured")),
      el("p", { class: "soft small" }, t("tags.featured.words")),
      featured(),
    ),
  );
  return {
    element: el("div", null, head(t("nav.tags")), el("div", { class: "padded tags-top" }, field), found, parts),
    title: t("nav.tags"),
    shown: renew,
  };
}

/** Tags on the owner's page, and those that could stand there. */
function featured() {
  const answer = asked(
    () => Promise.all([get("/api/v1/featured_tags"), get("/api/v1/featured_tags/suggestions").catch(() => [])]),
    (/** @type {[Tag[], Tag[]]} */ [all, proposed]) => [
      el(
        "div",
        { class: "tag-list" },
        all.map((tag) => chip(tag, true)),
        all.length === 0 && el("p", { class: "soft" }, t("tags.featured.none")),
      ),
      proposed.length > 0 &&
        el(
          "div",
          { class: "tag-list" },
          el("span", { class: "soft small" }, t("tags.featured.add")),
          proposed.map((tag) => chip(tag, false)),
        ),
    ],
  );
  const set = async (/** @type {Tag} */ { name }, /** @type {boolean} */ on) => {
    try {
      await post(`/api/v1/tags/${encodeURIComponent(name)}/${on ? "feature" : "unfeature"}`);
      await answer.fill();
    } catch (error) {
      failed(error);
    }
  };
  const chip = (/** @type {Tag} */ tag, /** @type {boolean} */ isOn) => {
    const name = el("bdi", null, `#${tag.name}`);
    const act = el(
      "button",
      {
        class: "chip-act",
        onclick: () => void set(tag, !isOn),
        "aria-label": t(isOn ? "tags.unfeature" : "tags.feature", { tag: tag.name }),
      },
      icon(isOn ? "close" : "plus"),
    );
    return el("span", { class: "chip tall" }, el("a", { class: "plain", href: `/tags/${encodeURIComponent(tag.name)}` }, name), act);
  };
  return answer.element;
}
