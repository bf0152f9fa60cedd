// Lists of people, each with a page of what they write.

import { get, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { asked } from "../parts/asked.js";
import { empty } from "../parts/empty.js";
import { head } from "../parts/head.js";
import { listCard } from "../parts/list-card.js";

/** @typedef {import("../core/types.js").NamedList} NamedList */

/** Letters of a list's name. */
const LONGEST = 100;

/** @returns {import("../core/types.js").Page} */
export default function lists() {
  const cards = el("ul", { class: "cards" });
  const none = el("div", null);
  const check = () => put(none, cards.children.length === 0 && empty(t("lists.none"), t("lists.none.words")));
  const show = (/** @type {NamedList[]} */ all) => {
    put(
      cards,
      all.map((one) => listCard(one, check)),
    );
    check();
    return [cards, none];
  };
  const box = el("input", {
    class: "input grow",
    dir: "auto",
    required: true,
    maxlength: LONGEST,
    autocomplete: "off",
    "aria-label": t("lists.name"),
    placeholder: t("lists.name"),
  });
  const button = el("button", { class: "button main" }, icon("plus"), t("lists.make"));
  const make = async () => {
    button.disabled = true;
    try {
      const made = await post("/api/v1/lists", { title: box.value.trim() });
      box.value = "";
      const card = listCard(made, check);
      cards.prepend(card);
      check();
      card.querySelector("a")?.focus();
    } catch (error) {
      failed(error);
    } finally {
      button.disabled = false;
    }
  };
  const answer = asked(() => get("/api/v1/lists"), show, "tall");
  const form = el(
    "form",
    { class: "row padded nowrap", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void make()) },
    box,
    button,
  );
  return {
    element: el(
      "div",
      null,
      head(t("nav.lists")),
      el("div", { class: "stack" }, el("p", { class: "soft padded" }, t("lists.words")), form, answer.element),
    ),
    title: t("nav.lists"),
  };
}
