import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { head } from "../parts/head.js";
import { answers, shortcuts } from "../parts/help.js";
import { section } from "../parts/section.js";

/** @returns {import("../core/types.js").Page} */
export default function help() {
  return {
    title: t("nav.help"),
    element: el(
      "div",
      { class: "house" },
      head(t("nav.help"), { isInner: true }),
      section("smile", t("help.asked"), answers()),
      section("keyboard", t("help.keys"), el("p", { class: "soft" }, t("help.keys.words")), shortcuts()),
    ),
  };
}
