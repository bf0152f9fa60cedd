// The network: whom this node is connected with, from where it is found, and how far it has come.

import { connection, get } from "../core/api.js";
import { el } from "../core/dom.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { copyBox } from "../parts/copy.js";
import { followForm } from "../parts/follow-form.js";
import { head } from "../parts/head.js";
import { accountsOf } from "../parts/holders.js";
import { inviteCard } from "../parts/invite-card.js";
import { reachable } from "../parts/peers-found.js";
import { peersList } from "../parts/peers-list.js";
import { figures, summary } from "../parts/peers-now.js";
import { peersPicture } from "../parts/peers-picture.js";
import { noteRecovery } from "../parts/recovery.js";
import { repeated } from "../parts/repeated.js";
import { section } from "../parts/section.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").NodeView} NodeView */

/** Milliseconds between two looks. */
const PAUSE = 4_000;

function meeting() {
  return section(
    "plus",
    t("network.meet"),
    followForm(),
    el("details", { class: "more" }, el("summary", null, t("network.connect")), el("p", { class: "soft small" }, t("network.connect.words")), copyBox("majlis connect /ip4/192.0.2.7/tcp/40001", t("network.command"))),
  );
}

/** @returns {Promise<import("../core/types.js").Page>} */
export default async function network() {
  const [now, picture, people, much, reach] = [summary(), peersPicture(), peersList(), figures(), reachable()];
  /** @type {Map<string, Account>} */
  let accounts = new Map();
  const look = async () => {
    /** @type {NodeView} */
    const view = await get("/api/majlis/v1/node");
    const numbers = view.peers.map((peer) => peer.account_number).filter((one) => one !== null);
    if (numbers.some((one) => !accounts.has(one))) accounts = new Map([...accounts, ...(await accountsOf(numbers))]);
    noteRecovery(view.id.phrase_unconfirmed);
    const known = view.peers.map((peer) => ({ peer, account: accounts.get(peer.account_number ?? "") }));
    for (const part of [now, much, reach]) part.show(view);
    for (const part of [picture, people]) part.show(known);
  };
  // It is shown with what there is, so that nothing moves when that comes.
  await look();
  let isFresh = true;
  const looking = repeated(() => look().catch((error) => void (connection.isAway || failed(error))), PAUSE);
  return {
    title: t("nav.network"),
    shown: () => {
      looking.start(!isFresh);
      isFresh = false;
    },
    hidden: looking.stop,
    element: el(
      "div",
      { class: "house" },
      head(t("nav.network")),
      el("section", { class: "card network", "aria-label": t("network.now") }, picture.element, now.element, much.element),
      section("people", t("network.people"), people.element, el("p", { class: "soft small" }, t("network.people.words"))),
      section("globe", t("network.reach"), reach.element),
      meeting(),
      section("share", t("invite.title"), el("p", { class: "soft" }, t("invite.words")), inviteCard()),
    ),
  };
}
