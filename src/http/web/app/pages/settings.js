// Settings: how the pages look and speak, what is chosen by itself, what is not shown.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { installing } from "../core/install.js";
import { keep, kept } from "../core/kept.js";
import { failed } from "../core/say.js";
import { set, setting as isOn } from "../core/session.js";
import { t } from "../core/words.js";
import { head } from "../parts/head.js";
import { languageChoice } from "../parts/language.js";
import { leave } from "../parts/leave.js";
import { section } from "../parts/section.js";
import { oneOf, setting, toggle } from "../parts/settings-choices.js";
import { filterList } from "../parts/settings-filters.js";
import { hiddenPeople } from "../parts/settings-people.js";
import { postSettings } from "../parts/settings-posts.js";

/** @param {string} theme */
function chooseTheme(theme) {
  keep("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The page as an app of its own, where the browser can. */
function installation() {
  const place = el("div", { class: "stack" });
  const show = () => {
    const isInstalled = matchMedia("(display-mode: standalone)").matches;
    const install = async () => {
      await installing.offer?.prompt();
    };
    put(place, el("p", { class: "soft" }, t(isInstalled ? "install.done" : installing.offer ? "install.words" : "install.how")), !isInstalled && installing.offer && el("div", { class: "row" }, el("button", { class: "button", onclick: () => install().catch(failed) }, icon("download"), t("install.do"))));
  };
  installing.addEventListener("changed", show);
  show();
  return place;
}

/** @returns {import("../core/types.js").Page} */
export default function settings() {
  const themes = /** @type {[string, string][]} */ (["system", "light", "dark"].map((theme) => [theme, t(`settings.theme.${theme}`)]));
  return {
    title: t("nav.settings"),
    element: el(
      "div",
      { class: "house" },
      head(t("nav.settings")),
      section(
        "eye",
        t("settings.look"),
        setting(t("settings.language"), t("settings.language.words"), languageChoice()),
        oneOf(t("settings.theme"), themes, kept("theme") ?? "system", chooseTheme),
        toggle(t("settings.autoplay"), t("settings.autoplay.words"), isOn("autoplay"), (on) => set("autoplay", on)),
      ),
      section(
        "pen",
        t("settings.posts"),
        postSettings(),
        toggle(t("settings.alt"), t("settings.alt.words"), isOn("askAlt", true), (on) => set("askAlt", on)),
        el("p", { class: "soft small" }, t("settings.usage"), " ", el("a", { href: "/data" }, t("nav.data"))),
      ),
      section("mute", t("filters.title"), filterList()),
      section("people", t("settings.hidden"), ["mute", "block"].map((what) => el("div", { class: "stack tight" }, el("h3", null, t(`settings.${what}`)), hiddenPeople(/** @type {"mute" | "block"} */ (what))))),
      section("device", t("settings.app"), installation(), el("div", { class: "row" }, el("button", { class: "button", onclick: () => leave().catch(failed) }, t("keys.out")), el("a", { class: "button", href: "/help" }, t("nav.help")))),
    ),
  };
}
