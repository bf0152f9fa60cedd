// Something that is asked of the node: its place is kept until it is there, and where it does not come one can ask again.

import { connection } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";

/**
 * @template T
 * @param {() => Promise<T>} ask
 * @param {(answer: T) => import("../core/dom.js").Child} draw
 * @param {string} [size] How much place is kept: a class.
 * @returns {{element: HTMLElement, fill: () => Promise<void>}} `fill` asks anew; what was there stays until the answer.
 */
export function asked(ask, draw, size = "") {
  const element = el("div", { class: "stack" }, el("div", { class: `skeleton waiting ${size}` }));
  const fill = async () => {
    try {
      put(element, draw(await ask()));
    } catch (error) {
      // That it is away is said at the top of the page already.
      if (connection.isAway) return connection.addEventListener("back", fill, { once: true });
      put(element, el("p", { class: "wrong-words", role: "alert" }, reason(error)), el("div", { class: "row" }, el("button", { class: "button", onclick: fill }, t("action.again"))));
    }
  };
  void fill();
  return { element, fill };
}
