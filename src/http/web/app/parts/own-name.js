// The owner's own name for someone, which nobody else sees. It is changed in its place.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { rename } from "./relating.js";

/** Bytes of a short string in a log. */
const LONGEST = 100;

/**
 * @param {import("../core/types.js").Account} account
 * @returns {{element: HTMLElement, open: () => void}}
 */
export function ownName(account) {
  const element = el("div", { class: "own-name" });
  const rest = () => {
    const { petname } = account.majlis;
    put(
      element,
      petname &&
        el(
          "p",
          { class: "soft small" },
          t("profile.petname"),
          " ",
          el("button", { class: "link", onclick: open }, icon("pen"), t("profile.petname.change")),
        ),
    );
  };
  const open = () => {
    const box = el("input", {
      class: "input",
      id: `petname-${account.id}`,
      dir: "auto",
      maxlength: LONGEST,
      autocomplete: "off",
      ".value": account.majlis.petname ?? "",
    });
    const close = () => (rest(), /** @type {HTMLElement | null} */ (element.querySelector("button"))?.focus());
    const form = el(
      "form",
      {
        class: "stack card",
        onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void save(box.value.trim())),
        onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close(),
      },
      el(
        "div",
        { class: "field" },
        el("label", { for: box.id }, t("profile.petname.label")),
        box,
        el("p", { class: "soft small" }, t("profile.petname.words")),
      ),
      el(
        "div",
        { class: "row" },
        el("button", { class: "button main little" }, t("action.save")),
        el("button", { type: "button", class: "button little", onclick: close }, t("action.cancel")),
      ),
    );
    put(element, form);
    box.focus();
    box.select();
  };
  const save = async (/** @type {string} */ name) => {
    try {
      await rename(account, name);
      element.dispatchEvent(new CustomEvent("renamed", { bubbles: true }));
    } catch (error) {
      failed(error);
    }
  };
  if (!account.majlis.own) rest();
  return { element, open };
}
