// From where the node is found, with the addresses for those who know what they are.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { t } from "../core/words.js";
import { copyBox } from "./copy.js";
import { reachWords } from "./peers-reach.js";

/** @typedef {import("../core/types.js").NodeView} NodeView */

const PICTURES = { directly: "globe", carried: "globe", world: "globe", household: "home", machine: "device", nowhere: "device" };

export function reachable() {
  const element = el("div", { class: "stack" });
  let before = "";
  return {
    element,
    /** @param {NodeView} view */
    show: ({ id, status, reach }) => {
      const now = JSON.stringify([id.addresses, status.http, status.https, status.reached, status.clock_ahead_days]);
      if (now === before) return;
      before = now;
      put(element, inWords(standing(status.reached, reach)), clock(status.clock_ahead_days), addresses(id.addresses), doors(status));
    },
  };
}

/**
 * What has been tried says more than how far the addresses reach by themselves.
 * @param {import("../core/types.js").NodeStatus["reached"]} reached
 * @param {import("../core/types.js").Reach} reach
 */
function standing(reached, reach) {
  return reached === null || reached === "nearby" ? reachWords(reach) : reached;
}

/** @param {keyof typeof PICTURES} reach */
function inWords(reach) {
  return el("div", { class: "thing" }, icon(PICTURES[reach]), el("div", { class: "grow" }, el("strong", null, t(`reach.${reach}`)), el("p", { class: "soft small" }, t(`reach.${reach}.words`))));
}

/**
 * That this machine's date may be wrong, where connected nodes tell of another.
 * @param {number} ahead
 */
function clock(ahead) {
  const days = Math.abs(ahead);
  const by = ahead > 0 ? t("network.clock.ahead", { n: days }) : t("network.clock.behind", { n: days });
  return ahead !== 0 && el("div", { class: "thing" }, icon("clock"), el("div", { class: "grow" }, el("strong", null, t("network.clock")), el("p", { class: "soft small" }, by)));
}

/** @param {string[]} all */
function addresses(all) {
  return el(
    "details",
    { class: "more" },
    el("summary", null, t("network.addresses")),
    el("p", { class: "soft small" }, t("network.addresses.words")),
    el("ul", { class: "stack tight" }, all.map((address) => el("li", null, copyBox(address, t("network.address"))))),
  );
}

/** @param {import("../core/types.js").NodeStatus} status */
function doors({ http, https, fingerprint }) {
  const open = [http, https].filter((door) => door !== null);
  return el(
    "details",
    { class: "more" },
    el("summary", null, t("network.apps")),
    el("p", { class: "soft small" }, t("network.apps.words")),
    el("ul", { class: "stack tight" }, open.map((door) => el("li", null, copyBox(door, t("network.door"))))),
    fingerprint && el("p", { class: "small" }, t("network.fingerprint"), el("br"), el("code", { class: "key" }, fingerprint)),
  );
}
