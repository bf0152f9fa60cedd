// The first steps. Each has an address, so that the browser's own way back leads to the one before.

import { el } from "../core/dom.js";
import { welcomed } from "../core/first-run.js";
import { back, go } from "../core/router.js";
import { t } from "../core/words.js";
import { languageChoice } from "../parts/language.js";
import { logo } from "../parts/logo.js";
import { tiles } from "../parts/tiles.js";
import * as steps from "../parts/welcome-steps.js";

const STEPS = /** @type {const} */ (["who", "phrase", "usage", "invite", "follow"]);

/** All of it is done, or left. */
function leave() {
  welcomed();
  go("/home");
}

/** @param {number} at */
function dots(at) {
  return el(
    "ol",
    { class: "steps", "aria-label": t("welcome.at", { at: at + 1, of: STEPS.length }) },
    STEPS.map((name, index) => el("li", { class: index < at ? "done" : null, "aria-current": index === at ? "step" : null }, el("span", { class: "unseen" }, t(`welcome.${name}`)))),
  );
}

/**
 * @param {import("../core/types.js").Place} place
 * @returns {import("../core/types.js").Page}
 */
export default function welcome({ query }) {
  const at = Math.max(0, STEPS.findIndex((name) => name === query.get("step")));
  const name = STEPS[at];
  const next = () => (at + 1 < STEPS.length ? go(`/welcome?step=${STEPS[at + 1]}`) : leave());
  const before = at > 0 ? el("button", { class: "button back", onclick: back }, t("nav.back")) : null;
  return {
    title: t(`welcome.${name}`),
    element: el(
      "div",
      { class: "welcome" },
      tiles(),
      el(
        "div",
        { class: "welcome-room" },
        el("header", { class: "welcome-head" }, logo(), dots(at), at === 0 ? languageChoice() : el("button", { class: "link", onclick: leave }, t("welcome.skip"))),
        el("div", { class: "card welcome-card" }, el("h1", { tabindex: -1 }, t(`welcome.${name}`)), at === 0 && el("p", { class: "soft" }, t("welcome.words")), steps[name]({ back: before, next })),
        at === 0 && el("p", { class: "welcome-foot" }, el("button", { class: "link", onclick: leave }, t("welcome.skip"))),
      ),
    ),
  };
}
