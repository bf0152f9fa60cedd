// Who opens the page without a token is asked for a code, which only someone at the node itself can have.

import { Refused } from "../core/api.js";
import { el, put, within } from "../core/dom.js";
import { codeInAddress, signIn } from "../core/session.js";
import { reason } from "../core/say.js";
import { t, tt } from "../core/words.js";
import { languageChoice } from "../parts/language.js";
import { logo } from "../parts/logo.js";

export default function signInPage() {
  const wrong = el("p", { class: "wrong-words", role: "alert" });
  const code = el("input", { class: "input key", id: "code", required: true, autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", maxlength: 64, dir: "ltr", autofocus: true });
  const button = el("button", { class: "button main" }, t("signin.enter"));
  const enter = async (/** @type {string} */ typed) => {
    put(wrong);
    button.disabled = true;
    try {
      await signIn(typed.trim());
      location.reload();
    } catch (error) {
      const isWrong = error instanceof Refused && error.status === 403;
      put(wrong, isWrong ? t("signin.wrong") : reason(error));
      code.select();
    } finally {
      button.disabled = false;
    }
  };
  const form = el("form", { class: "stack", onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void enter(code.value)) },
    el("div", { class: "field" }, el("label", { for: "code" }, t("signin.code")), code),
    wrong,
    button,
  );
  // A link that is opened while the page is: its code is in the address.
  addEventListener("hashchange", () => {
    const found = codeInAddress();
    if (found) void enter(found);
  });
  const page = el(
    "main",
    { class: "alone" },
    el("div", { class: "stack" },
      el("div", { class: "row" }, logo(), el("h1", { class: "grow" }, t("signin.title")), languageChoice()),
      el("p", null, t("signin.words")),
      el("p", { class: "soft" }, tt("signin.how", { command: el("code", { class: "key" }, "majlis login") })),
      form,
    ),
  );
  document.title = `${t("signin.title")} · ${t("app.name")}`;
  within(page, "h1").tabIndex = -1;
  return page;
}
