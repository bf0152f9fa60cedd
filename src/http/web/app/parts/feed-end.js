// What stands at the end of a list: what is awaited, that this was all, or why there is no more.

import { Refused } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";

/** Posts whose outlines stand where the first ones will. */
const FIRST = 6;

/** The outlines of posts. @param {number} count */
export function awaited(count) {
  return Array.from({ length: count }, (_, at) =>
    el(
      "div",
      { class: "post awaited", "aria-hidden": true },
      el("span", { class: "avatar skeleton" }),
      el("span", { class: "skeleton line short" }),
      el(
        "div",
        { class: "post-body" },
        el("span", { class: "skeleton line" }),
        el("span", { class: "skeleton line" }),
        at % 3 === 1 && el("span", { class: "skeleton line half" }),
      ),
    ),
  );
}

export class FeedEnd {
  element = el("div", { class: "feed-end", role: "status" });

  /**
   * Its place moves as the list grows. What stands there is another each time, so that nothing is seen to jump.
   * @param {...import("../core/dom.js").Child} content
   */
  #put(...content) {
    put(this.element, el("div", null, content));
  }

  /** @param {boolean} isFirst */
  wait(isFirst) {
    this.#put(el("span", { class: "unseen" }, t("feed.loading")), awaited(isFirst ? FIRST : 1));
  }

  /** There is more, and nobody asks for it yet. It keeps its room, so that nothing moves. */
  rest() {
    this.#put(awaited(1));
  }

  all() {
    this.#put(el("p", { class: "feed-all soft small" }, t("feed.all")));
  }

  /**
   * @param {unknown} error
   * @param {() => void} again
   */
  fail(error, again) {
    this.#put(trouble(error, again));
  }

  /** @param {HTMLElement | null} element */
  show(element) {
    this.#put(element);
  }
}

/**
 * @param {unknown} error
 * @param {() => void} again
 */
export function trouble(error, again) {
  if (!(error instanceof Refused)) console.error(error);
  return el(
    "div",
    { class: "feed-trouble" },
    el("p", null, reason(error)),
    el("button", { class: "button little", onclick: again }, t("action.again")),
  );
}
