// Posts with a tag, which can be followed and shown on one's own page.

import { get, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";
import { feed } from "../parts/feed.js";
import { head } from "../parts/head.js";
import { menu } from "../parts/menu.js";
import { followedTags } from "../parts/tag-row.js";

/** @typedef {{name: string, following: boolean, featuring: boolean}} Tag */

/**
 * @param {import("../core/types.js").Place} place
 * @returns {import("../core/types.js").Page}
 */
export default function tagPage({ parts: { tag: name } }) {
  const path = `/api/v1/tags/${encodeURIComponent(name)}`;
  const follow = el("button", { class: "button little follow", disabled: true }, t("tag.follow"));
  const more = el("button", { class: "icon-button", "aria-label": t("nav.more"), "aria-haspopup": "menu", disabled: true }, icon("more"));
  let tag = /** @type {Tag} */ ({ name, following: false, featuring: false });
  const draw = () => {
    follow.disabled = more.disabled = false;
    follow.setAttribute("aria-pressed", String(tag.following));
    follow.classList.toggle("on", tag.following);
    put(follow, tag.following && icon("check"), t(tag.following ? "tag.following" : "tag.follow"));
  };
  const act = async (/** @type {"follow" | "unfollow" | "feature" | "unfeature"} */ what) => {
    const before = tag;
    tag = { ...tag, following: what === "follow" || (what !== "unfollow" && tag.following) };
    draw();
    try {
      tag = await post(`${path}/${what}`);
      if (what === "feature" || what === "unfeature") say(t(tag.featuring ? "tag.featured" : "tag.unfeatured"));
      else followedTags.dispatchEvent(new Event("changed"));
    } catch (error) {
      tag = before;
      failed(error);
    }
    draw();
  };
  follow.addEventListener("click", () => void act(tag.following ? "unfollow" : "follow"));
  more.addEventListener("click", () =>
    menu(more, [
      {
        words: t(tag.featuring ? "tag.unfeature" : "tag.feature"),
        icon: "pin",
        action: () => void act(tag.featuring ? "unfeature" : "feature"),
      },
    ]),
  );
  get(path).then((found) => ((tag = found), draw()), failed);
  const title = `#${name}`;
  const posts = feed({
    path: `/api/v1/timelines/tag/${encodeURIComponent(name)}`,
    label: title,
    stream: `hashtag ${name}`,
    empty: () => empty(t("tag.none"), t("tag.none.words")),
  });
  return { element: el("div", null, head(el("bdi", null, title), { isInner: true }, follow, more), posts), title };
}
