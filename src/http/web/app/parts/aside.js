// Beside the page, where there is room: looking for something, who is here now, the tags that one follows.

import { get, list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { onKey } from "../core/keys.js";
import { go, router } from "../core/router.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { company } from "./company.js";
import { followedTags } from "./tag-row.js";

/** @typedef {import("../core/types.js").Tag} Tag */

/** From here on it is seen: `../style/shell.css`. */
const WIDE = matchMedia("(min-width: 80.01rem)");
const TAGS = 10;

/** @returns {HTMLElement} */
export function aside() {
  const box = el("input", {
    class: "input",
    type: "search",
    name: "q",
    dir: "auto",
    "aria-label": t("search.label"),
    placeholder: t("nav.search"),
    autocomplete: "off",
    enterkeyhint: "search",
  });
  const look = (/** @type {Event} */ event) => {
    event.preventDefault();
    go(`/search?${new URLSearchParams({ q: box.value.trim() })}`);
    box.value = "";
  };
  const field = el("form", { class: "search-field", role: "search", action: "/search", onsubmit: look }, icon("search"), box);
  const [people, tags, invite] = [company(), el("section", { class: "aside-part" }), el("section", { class: "aside-part" })];
  const all = el("aside", { class: "aside", "aria-label": t("aside.label") }, field, people.element, tags, invite, links());
  const fill = () => {
    if (!WIDE.matches) return people.rest();
    people.watch();
    void showTags(tags);
    void showInvite(invite);
  };
  const moved = () => {
    field.hidden = router.path === "/search";
    void showInvite(invite);
    void showTags(tags);
  };
  WIDE.addEventListener("change", fill);
  followedTags.addEventListener("changed", () => void showTags(tags));
  session.addEventListener("changed", () => void showInvite(invite));
  router.addEventListener("moved", moved);
  onKey(document, "search", () => goSearch(box));
  fill();
  return all;
}

/** @param {HTMLInputElement} box */
function goSearch(box) {
  const there = document.querySelector("main .search-field[role=search] input");
  if (there instanceof HTMLInputElement) there.focus();
  else if (box.checkVisibility()) box.focus();
  else go("/search");
}

/** @param {HTMLElement} into */
async function showTags(into) {
  if (!WIDE.matches) return;
  /** @type {Tag[]} */
  const tags = (await list("/api/v1/followed_tags", { limit: TAGS }).catch(() => ({ items: [] }))).items;
  const names = tags.map(({ name }) => name).join(" ");
  if (into.dataset.tags === names) return;
  into.dataset.tags = names;
  put(
    into,
    tags.length > 0 && [
      el("h2", null, el("a", { class: "plain", href: "/tags" }, t("aside.tags"))),
      el(
        "div",
        { class: "tag-list" },
        tags.map(({ name }) => el("a", { class: "chip", href: `/tags/${encodeURIComponent(name)}` }, el("bdi", null, `#${name}`))),
      ),
    ],
  );
}

/**
 * Whoever follows nobody yet needs others, and others their invite.
 * @param {HTMLElement} into
 */
async function showInvite(into) {
  const isWanted = WIDE.matches && session.me?.following_count === 0 && router.path !== "/people";
  into.hidden = !isWanted;
  if (!isWanted || into.firstChild) return;
  const { invite } = await get("/api/majlis/v1/invite").catch(() => ({}));
  if (!invite) return;
  const { copyButton } = await import("./copy.js");
  put(
    into,
    el("h2", null, t("people.invite")),
    el("p", { class: "soft small" }, t("aside.invite")),
    el("div", { class: "row" }, copyButton(invite, t("people.invite")), el("a", { class: "link", href: "/people" }, t("aside.add"))),
  );
}

function links() {
  const ways = { "/people": "nav.people", "/help": "nav.help", "/data": "nav.data", "/network": "nav.network" };
  return el(
    "nav",
    { class: "aside-links small", "aria-label": t("aside.more") },
    Object.entries(ways).map(([path, words]) => el("a", { href: path }, t(words))),
  );
}
