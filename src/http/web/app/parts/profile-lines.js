// Lines of name and value on the owner's page, to be changed.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";

/** @typedef {{name: string, value: string}} Line */

/** Lines that one may have, of the many that a profile can hold. */
const MOST_LINES = 8;

/** @param {Line[]} typed */
export function profileLines(typed) {
  const lines = el("div", { class: "stack lines" }, typed.map(line));
  const more = el(
    "button",
    {
      type: "button",
      class: "button little",
      onclick: () => (lines.append(line({ name: "", value: "" })), lines.lastElementChild?.querySelector("input")?.focus(), limit()),
    },
    icon("plus"),
    t("profile.fields.add"),
  );
  const limit = () => void (more.hidden = lines.children.length >= MOST_LINES);
  new MutationObserver(limit).observe(lines, { childList: true });
  limit();
  return el(
    "fieldset",
    { class: "stack unframed" },
    el("legend", null, t("profile.fields")),
    el("p", { class: "soft small" }, t("profile.fields.words")),
    lines,
    el("div", null, more),
  );
}

/** @param {Line} typed */
function line({ name, value }) {
  const row = el(
    "div",
    { class: "profile-line" },
    el("input", {
      class: "input",
      dir: "auto",
      maxlength: 100,
      "aria-label": t("profile.fields.name"),
      placeholder: t("profile.fields.name"),
      ".value": name,
    }),
    el("input", {
      class: "input",
      dir: "auto",
      maxlength: 250,
      "aria-label": t("profile.fields.value"),
      placeholder: t("profile.fields.value"),
      ".value": value,
    }),
    el("button", { type: "button", class: "icon-button", "aria-label": t("profile.fields.remove"), onclick: () => away() }, icon("close")),
  );
  const away = () => {
    const lines = row.parentElement;
    row.remove();
    lines?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // A line without a name would not be kept.
  const [named, said] = row.querySelectorAll("input");
  row.addEventListener("input", () => void (named.required = said.value.trim() !== ""));
  return row;
}

/**
 * @param {HTMLFormElement} form
 * @returns {Line[]}
 */
export function readLines(form) {
  const rows = [...form.querySelectorAll(".profile-line")].map((row) => {
    const [name, value] = [...row.querySelectorAll("input")].map((box) => box.value.trim());
    return { name, value };
  });
  return rows.filter(({ name }) => name);
}
