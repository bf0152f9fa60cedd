// A tag in a list, and the button to follow it.

import { post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";

/** @typedef {import("../core/types.js").Tag} Tag */

/** `changed` when another tag is followed, or one no longer. */
export const followedTags = new EventTarget();

/** @param {Tag} tag */
export function tagRow(tag) {
  return el(
    "li",
    { class: "tag-row" },
    el("a", { class: "grow", href: `/tags/${encodeURIComponent(tag.name)}` }, icon("hash"), el("bdi", null, tag.name)),
    tagButton(tag),
  );
}

/** @param {Tag} tag */
function tagButton(tag) {
  const button = el("button", { class: "button little follow", onclick: () => void set(!tag.following) });
  const draw = () => {
    button.setAttribute("aria-pressed", String(Boolean(tag.following)));
    button.classList.toggle("on", Boolean(tag.following));
    put(
      button,
      tag.following && icon("check"),
      t(tag.following ? "people.following" : "people.follow"),
      el("span", { class: "unseen" }, ` #${tag.name}`),
    );
  };
  const set = async (/** @type {boolean} */ on, isUndone = false) => {
    tag.following = on;
    draw();
    try {
      await post(`/api/v1/tags/${encodeURIComponent(tag.name)}/${on ? "follow" : "unfollow"}`);
      followedTags.dispatchEvent(new Event("changed"));
      if (!on && !isUndone)
        say(t("tags.unfollowed", { tag: `\u2068#${tag.name}\u2069` }), { action: t("action.undo"), onaction: () => void set(true, true) });
    } catch (error) {
      tag.following = !on;
      draw();
      failed(error);
    }
  };
  draw();
  return button;
}
