// The network: whom this node is connected with, from where it is found, and how far it has come.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason } from "../core/say.js";
import { number, t } from "../core/words.js";
import { copyBox } from "../parts/copy.js";
import { followForm } from "../parts/follow-form.js";
import { head } from "../parts/head.js";
import { accountsOf } from "../parts/holders.js";
import { inviteCard } from "../parts/invite-card.js";
import { peersList } from "../parts/peers-list.js";
import { peersPicture } from "../parts/peers-picture.js";
import { farthest } from "../parts/peers-reach.js";
import { noteRecovery } from "../parts/recovery.js";
import { section } from "../parts/section.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").NodeView} NodeView */

/** Milliseconds between two looks. */
const PAUSE = 4_000;

/** How the node is, in large and few words. */
function summary() {
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
function figures() {
  const values = ["following", "accounts", "entries"].map((name) => ({ name, shown: el("dd") }));
  return {
    element: el("dl", { class: "figures" }, values.map(({ name, shown }) => el("div", null, el("dt", { class: "soft small" }, t(`network.${name}`)), shown))),
    /** @param {NodeView} view */
    show: ({ status }) => {
      for (const { name, shown } of values) put(shown, number(status[/** @type {"following" | "accounts" | "entries"} */ (name)]));
    },
  };
}

/** From where it is found, with the addresses for those who know what they are. */
function reachable() {
  const element = el("div", { class: "stack" }, el("div", { class: "skeleton waiting" }));
  let before = "";
  return {
    element,
    /** @param {NodeView} view */
    show: ({ id, status }) => {
      const now = JSON.stringify([id.addresses, status.http, status.https]);
      if (now === before) return;
      before = now;
      const reach = farthest(id.addresses);
      put(
        element,
        el("p", { class: "thing" }, icon(reach === "internet" ? "globe" : reach === "network" ? "home" : "device"), el("span", { class: "grow" }, el("strong", null, t(`reach.${reach}`)), el("br"), el("span", { class: "soft small" }, t(`reach.${reach}.words`)))),
        el("details", { class: "more" }, el("summary", null, t("network.addresses")), el("p", { class: "soft small" }, t("network.addresses.words")), el("ul", { class: "stack tight" }, id.addresses.map((address) => el("li", null, copyBox(address, t("network.address")))))),
        el(
          "details",
          { class: "more" },
          el("summary", null, t("network.apps")),
          el("p", { class: "soft small" }, t("network.apps.words")),
          el("div", { class: "stack tight" }, [status.http, status.https].filter((door) => door !== null).map((door) => copyBox(door, t("network.door")))),
          status.fingerprint && el("p", { class: "small" }, t("network.fingerprint"), el("br"), el("code", { class: "key small" }, status.fingerprint)),
        ),
      );
    },
  };
}

/** @returns {import("../core/types.js").Page} */
export default function network() {
  const [now, picture, people, much, reach] = [summary(), peersPicture(), peersList(), figures(), reachable()];
  const wrong = el("div", { role: "alert" });
  /** @type {Map<string, Account>} */
  let accounts = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isShown = false;

  const look = async () => {
    clearTimeout(timer);
    try {
      /** @type {NodeView} */
      const view = await get("/api/majlis/v1/node");
      const numbers = view.peers.map((peer) => peer.account_number).filter((one) => one !== null);
      if (numbers.some((one) => !accounts.has(one))) accounts = new Map([...accounts, ...(await accountsOf(numbers))]);
      draw(view);
      put(wrong);
    } catch (error) {
      put(wrong, el("p", { class: "wrong-words" }, reason(error)));
    }
    if (isShown && !document.hidden) timer = setTimeout(look, PAUSE);
  };
  const draw = (/** @type {NodeView} */ view) => {
    noteRecovery(view.id.phrase_unconfirmed);
    const known = view.peers.map((peer) => ({ peer, account: accounts.get(peer.account_number ?? "") }));
    for (const part of [now, much, reach]) part.show(view);
    picture.show(known);
    people.show(known);
  };
  const seen = () => {
    if (!document.hidden && isShown) void look();
  };
  return {
    title: t("nav.network"),
    shown: () => {
      isShown = true;
      document.addEventListener("visibilitychange", seen);
      void look();
    },
    hidden: () => {
      isShown = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    },
    element: el(
      "div",
      { class: "house" },
      head(t("nav.network")),
      el("section", { class: "card network", "aria-label": t("nav.network") }, picture.element, now.element, wrong, much.element),
      section("people", t("network.people"), people.element, el("p", { class: "soft small" }, t("network.people.words"))),
      section("globe", t("network.reach"), reach.element),
      section("plus", t("network.meet"), followForm(), el("details", { class: "more" }, el("summary", null, t("network.connect")), el("p", { class: "soft small" }, t("network.connect.words")), copyBox("majlis connect /ip4/192.0.2.7/tcp/40001", t("network.command")))),
      section("share", t("invite.title"), el("p", { class: "soft" }, t("invite.words")), inviteCard()),
    ),
  };
}
