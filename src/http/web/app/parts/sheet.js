// A sheet over the page, which takes the focus until it is closed; and a question that has to be answered.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { router } from "../core/router.js";
import { t } from "../core/words.js";

/** @typedef {import("../core/dom.js").Child} Child */

/**
 * Opens one. It closes with Escape, its cross, and a click beside it; and where the page is left.
 * @param {string} title
 * @param {Child} body
 * @param {{onclose?: () => void, class?: string}} [options]
 * @returns {{dialog: HTMLDialogElement, close: () => void}}
 */
export function sheet(title, body, { onclose, class: more = "" } = {}) {
  const close = () => dialog.close();
  const dialog = el(
    "dialog",
    { class: `sheet ${more}`, "aria-label": title },
    el("header", null, el("h2", null, title), el("button", { class: "icon-button", onclick: close, "aria-label": t("action.close") }, icon("close"))),
    el("div", { class: "sheet-body" }, body),
  );
  // Who chooses text and lets go beside it means the text.
  let isBeside = false;
  dialog.addEventListener("pointerdown", (event) => (isBeside = event.target === dialog));
  dialog.addEventListener("click", (event) => event.target === dialog && isBeside && close());
  dialog.addEventListener("close", () => {
    router.removeEventListener("moved", close);
    document.body.append(...dialog.querySelectorAll("#said"));
    dialog.remove();
    onclose?.();
  });
  router.addEventListener("moved", close);
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close };
}

/**
 * Asks before something that cannot be taken back.
 * @param {string} title
 * @param {string} words
 * @param {string} action What the button says.
 * @returns {Promise<boolean>}
 */
export function ask(title, words, action) {
  return new Promise((resolve) => {
    let isSure = false;
    const { close } = sheet(
      title,
      [
        el("p", { dir: "auto" }, words),
        el(
          "div",
          { class: "sheet-actions" },
          el("button", { class: "button", onclick: () => close(), autofocus: true }, t("action.cancel")),
          el("button", { class: "button wrong", onclick: () => ((isSure = true), close()) }, action),
        ),
      ],
      { onclose: () => resolve(isSure) },
    );
  });
}
