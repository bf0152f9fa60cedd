// Something to be taken along: a link, a key, a command. It is shown, and copied at a press.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { say } from "../core/say.js";
import { t } from "../core/words.js";

/** Milliseconds for which the button says that it is done. */
const STANDS = 2_000;

/**
 * @param {string} text
 * @param {string} label What it is.
 */
export function copyBox(text, label) {
  const box = el("input", {
    class: "input key",
    readonly: true,
    dir: "ltr",
    value: text,
    "aria-label": label,
    spellcheck: "false",
    onfocus: () => box.select(),
  });
  return el("div", { class: "copy-box" }, box, copyButton(text, label, () => box.select()));
}

/**
 * @param {string} text
 * @param {string} label
 * @param {() => void} [select] Where the browser does not let the page copy, what is to be copied by hand is selected.
 * @param {{isLittle?: boolean}} [options] Without words on it.
 */
export function copyButton(text, label, select, { isLittle = false } = {}) {
  const face = (/** @type {boolean} */ isDone) => [icon(isDone ? "check" : "copy"), !isLittle && el("span", null, t(isDone ? "action.copied" : "action.copy"))];
  const button = el("button", { type: "button", class: isLittle ? "icon-button" : "button", "aria-label": `${t("action.copy")}: ${label}` }, face(false));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say(t("action.copied"));
      put(button, face(true));
      setTimeout(() => put(button, face(false)), STANDS);
    } catch {
      select?.();
      say(t("copy.byhand"));
    }
  });
  return button;
}
