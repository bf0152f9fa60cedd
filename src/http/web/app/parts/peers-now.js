// How the node stands in the network, in few words and figures.

import { el, put } from "../core/dom.js";
import { number, t } from "../core/words.js";

/** @typedef {import("../core/types.js").NodeView} NodeView */

/** How the node is, in large and few words. */
export function summary() {
  const element = el("div", { class: "network-now", role: "status" });
  let before = "";
  return {
    element,
    /** @param {NodeView} view */
    show: ({ status, peers }) => {
      const lines = [
        peers.length === 0 ? t("network.alone") : t("network.with", { n: peers.length }),
        peers.length === 0 ? t("network.alone.words") : t(status.synced ? "network.synced" : "network.behind"),
      ];
      if (lines.join() === before) return;
      before = lines.join();
      put(element, el("p", { class: "network-lead" }, lines[0]), el("p", { class: "soft" }, lines[1]));
    },
  };
}

/** How much is here. */
export function figures() {
  const values = ["following", "accounts", "entries"].map((name) => ({ name, shown: el("dd") }));
  return {
    element: el("dl", { class: "figures" }, values.map(({ name, shown }) => el("div", null, el("dt", { class: "soft small" }, t(`network.${name}`)), shown))),
    /** @param {NodeView} view */
    show: ({ status }) => {
      for (const { name, shown } of values) put(shown, number(status[/** @type {"following" | "accounts" | "entries"} */ (name)]));
    },
  };
}
