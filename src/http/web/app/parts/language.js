import { el } from "../core/dom.js";
import { LANGUAGES, chooseLanguage, lang, t } from "../core/words.js";

/** A choice of the language in which the pages speak. */
export function languageChoice() {
  return el(
    "select",
    {
      class: "input language",
      "aria-label": t("settings.language"),
      onchange: (/** @type {Event} */ event) => {
        chooseLanguage(/** @type {any} */ (event.target).value);
        location.reload();
      },
    },
    Object.entries(LANGUAGES).map(([tag, name]) => el("option", { value: tag, lang: tag, selected: tag === lang() }, name)),
  );
}
