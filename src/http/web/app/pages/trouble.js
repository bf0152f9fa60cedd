// A page that could not be made, or that is not there.

import { Refused } from "../core/api.js";
import { el } from "../core/dom.js";
import { again } from "../core/router.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";
import { empty } from "../parts/empty.js";

/**
 * @param {unknown} error
 * @returns {import("../core/types.js").Page}
 */
export default function trouble(error) {
  const isGone = error instanceof Refused && error.status === 404;
  if (!(error instanceof Refused)) console.error(error);
  const title = isGone ? t("trouble.gone") : t("trouble.title");
  return {
    title,
    element: el("div", { class: "page" }, el("h1", { class: "unseen", tabindex: -1 }, title), empty(title, isGone ? t("trouble.gone.words") : reason(error), el("button", { class: "button", onclick: again }, t("action.again")), el("a", { class: "button main", href: "/home" }, t("nav.home")))),
  };
}
