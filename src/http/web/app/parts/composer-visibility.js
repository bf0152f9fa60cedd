// Who is shown a post unasked, in plain words.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { openBoard } from "./composer-popover.js";

/** @typedef {import("./composer-state.js").Writing} Writing */
/** @typedef {Writing["visibility"]} Visibility */

/** @type {Record<Visibility, "globe" | "people">} */
const PICTURES = { public: "globe", unlisted: "people" };
const CHOICES = /** @type {Visibility[]} */ (["public", "unlisted"]);

/**
 * @param {Writing} writing
 * @param {() => void} changed
 */
export function visibilityChoice(writing, changed) {
  const button = el("button", { type: "button", class: "chip", "aria-haspopup": "dialog", onclick: () => open() });
  const show = () => put(button, icon(PICTURES[writing.visibility]), el("span", { class: "unseen" }, `${t("visibility.title")}: `), t(`visibility.${writing.visibility}`));
  const choose = (/** @type {Visibility} */ chosen) => {
    writing.visibility = chosen;
    show();
    changed();
  };
  const open = () => {
    const card = (/** @type {Visibility} */ choice) =>
      el(
        "label",
        { class: "choice" },
        el("input", { type: "radio", name: "visibility", checked: choice === writing.visibility, onchange: () => choose(choice) }),
        el("span", null, el("strong", null, t(`visibility.${choice}`)), el("span", { class: "soft small" }, t(`visibility.${choice}.words`))),
      );
    const made = el("div", { class: "menu visibility-menu", popover: "auto", role: "dialog", "aria-label": t("visibility.title"), onclick: (/** @type {MouseEvent} */ event) => event.detail > 0 && event.target instanceof HTMLInputElement && made.hidePopover() }, CHOICES.map(card));
    made.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), made.hidePopover()));
    openBoard(button, made);
    /** @type {HTMLElement | null} */ (made.querySelector("input:checked"))?.focus();
  };
  show();
  return button;
}
