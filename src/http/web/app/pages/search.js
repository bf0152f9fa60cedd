// Looking for people, tags and posts among all that this node holds.

import { el, put } from "../core/dom.js";
import { moveTo } from "../core/router.js";
import { whyNot } from "../core/say.js";
import { t } from "../core/words.js";
import { head } from "../parts/head.js";
import { asked } from "../parts/search-asked.js";
import { searchField } from "../parts/search-field.js";
import { recentSearches, remember } from "../parts/search-recent.js";
import { searchResults } from "../parts/search-results.js";

/**
 * @param {import("../core/types.js").Place} place
 * @returns {import("../core/types.js").Page}
 */
export default function search({ query }) {
  let view = query.get("view") ?? "all";
  let text = query.get("q")?.trim() ?? "";
  const found = el("div", { class: "found" });
  const told = el("p", { class: "unseen", role: "status" });
  const start = el("div", { class: "stack padded search-start" });
  const place = () => {
    const said = new URLSearchParams({ ...(text && { q: text }), ...(text && view !== "all" && { view }) });
    moveTo(said.size > 0 ? `/search?${said}` : "/search");
  };
  const look = async (/** @type {string} */ typed, /** @type {AbortSignal} */ signal) => {
    text = typed;
    start.hidden = text !== "";
    if (!text) return void (recent.draw(), put(found));
    found.classList.add("looking");
    try {
      const options = { view, onview: (/** @type {string} */ chosen) => ((view = chosen), place()) };
      const results = await searchResults(await asked(text, signal), signal, options);
      if (!signal.aborted) put(found, results);
      put(told, found.querySelector(".empty h2")?.textContent ?? t("search.told"));
    } catch (error) {
      if (!signal.aborted) put(found, el("p", { class: "padded wrong-words", role: "alert" }, whyNot(error)));
    } finally {
      if (!signal.aborted) found.classList.remove("looking");
    }
  };
  const field = searchField({
    label: t("search.label"),
    value: text,
    isPage: true,
    onsearch: (typed, signal) => (look(typed, signal), place()),
  });
  const recent = recentSearches(field.search);
  field.addEventListener("submit", () => remember(text));
  // Whoever goes to what was found has found it.
  found.addEventListener("click", (event) => event.target instanceof Element && event.target.closest("a, article") && remember(text));
  put(start, recent.element, help());
  if (text) void look(text, new AbortController().signal);
  return {
    element: el("div", null, head(t("nav.search")), el("div", { class: "padded search-top" }, field), told, start, found),
    title: t("nav.search"),
    shown: () => {
      if (text !== "") return;
      recent.draw();
      // After the heading, which is what one comes to on other pages. A keyboard on the glass would hide half of this one.
      if (matchMedia("(hover: hover)").matches) requestAnimationFrame(() => field.box.focus({ preventScroll: true }));
    },
  };
}

/** What can be typed. */
function help() {
  const line = (/** @type {string} */ example, /** @type {string} */ words) =>
    el("div", null, el("dt", null, el("code", { dir: "auto" }, t(example))), el("dd", { class: "soft" }, t(words)));
  return el(
    "section",
    { class: "stack search-help" },
    el("h2", null, t("search.help")),
    el(
      "dl",
      null,
      ["words", "exact", "without", "tag", "from", "link"].map((what) => line(`search.help.${what}`, `search.help.${what}.words`)),
    ),
    el("p", { class: "soft small" }, t("search.help.where")),
  );
}
