// Whom this node is connected with, in words.

import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { someone } from "./holders.js";
import { keyed } from "./keyed.js";
import { plainName } from "./name.js";
import { inOrder } from "./peers-picture.js";
import { reachWords } from "./peers-reach.js";

/** @typedef {import("./peers-picture.js").Known} Known */

/** Those that are told of at once. */
const FIRST = 8;

/** @param {Known} known */
function words({ peer }) {
  return [t(`peers.${peer.direction}`), t(`peers.from.${reachWords(peer.reach)}`), t("peers.shared", { n: peer.accounts_shared })].filter(Boolean).join(" · ");
}

/** @returns {{element: HTMLElement, show: (known: Known[]) => void}} */
export function peersList() {
  const list = el("ul", { class: "things" });
  const showSome = keyed(
    list,
    (/** @type {Known} */ { peer, account }) => `${peer.peer_id} ${account?.id ?? ""}`,
    ({ account }) =>
      el(
        "li",
        { class: "thing" },
        account ? avatar(account) : someone(),
        el("div", { class: "grow" }, account ? el("a", { class: "plain", href: `/@${account.acct}` }, el("bdi", { class: "name" }, plainName(account))) : el("span", { class: "name" }, t("peers.someone")), el("p", { class: "soft small peer-words" })),
        el("span", { class: "chip peer-state" }),
      ),
    (element, known) => {
      const [said, state] = [element.querySelector(".peer-words"), element.querySelector(".peer-state")];
      if (!said || !state) return;
      if (said.textContent !== words(known)) put(said, words(known));
      const is = t(known.peer.synced ? "peers.synced" : "peers.behind");
      if (state.textContent !== is) put(state, is);
      state.classList.toggle("on", known.peer.synced);
    },
  );
  let isWhole = false;
  /** @type {Known[]} */
  let all = [];
  const more = el("button", { class: "button little", onclick: () => ((isWhole = true), draw()) });
  const draw = () => {
    showSome(isWhole ? all : all.slice(0, FIRST));
    more.hidden = isWhole || all.length <= FIRST;
    put(more, t("peers.all", { n: all.length }));
  };
  const show = (/** @type {Known[]} */ known) => {
    all = inOrder(known);
    draw();
  };
  return { element: el("div", { class: "stack" }, list, more), show };
}
