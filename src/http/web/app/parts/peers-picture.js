// The network as it is seen from here: the owner in the middle, around them whom their node is connected with. What it
// says stands in the list below as well.

import { el, put, svg } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { keyed } from "./keyed.js";
import { plainName } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").Peer} Peer */
/** @typedef {{peer: Peer, account: Account | undefined}} Known */

/** Those that stand around; of more only the number is told. */
const DRAWN = 20;
/** How many stand on one ring before a second is begun. */
const RING = 9;
/** Parts of the half side at which the rings lie, alone and together. */
const [ALONE, INNER, OUTER] = [0.68, 0.48, 0.84];

/**
 * Where someone stands, from -1 to 1.
 * @param {number} index
 * @param {number} count
 */
function place(index, count) {
  const isOne = count <= RING;
  const inner = isOne ? count : Math.floor(count / 3);
  const isInner = index < inner;
  const [at, of] = isInner ? [index, inner] : [index - inner, count - inner];
  const radius = isOne ? ALONE : isInner ? INNER : OUTER;
  // The first does not stand right above, where it would hide behind the words of the one in the middle.
  const angle = (2 * Math.PI * (at + (isInner ? 0.25 : 0.6))) / of - Math.PI / 2;
  return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
}

/** @param {Known} known */
function nameOf({ account }) {
  return account ? plainName(account) : t("peers.someone");
}

/**
 * Those first who are known, and always in the same order.
 * @param {Known[]} known
 */
export function inOrder(known) {
  return [...known].sort((one, other) => Number(Boolean(other.account)) - Number(Boolean(one.account)) || one.peer.peer_id.localeCompare(other.peer.peer_id));
}

/** @returns {{element: HTMLElement, show: (known: Known[]) => void}} */
export function peersPicture() {
  const rings = svg("svg", { class: "sky", viewBox: "-100 -100 200 200", "aria-hidden": true });
  const around = el("div", { class: "sky-people" });
  const middle = el("div", { class: "sky-one me" }, session.me && avatar(session.me, { isLink: false }));
  const more = el("p", { class: "sky-more soft small" });
  const showAll = keyed(
    around,
    (/** @type {Known} */ { peer, account }) => `${peer.peer_id} ${account?.id ?? ""}`,
    ({ account }) => el("div", { class: "sky-one" }, account ? avatar(account, { isLink: false }) : el("span", { class: "avatar someone" }, icon("device")), el("bdi", { class: account ? "sky-name" : "sky-name someone" })),
    (element, known, index, count) => {
      const { x, y } = place(index, count);
      element.style.left = `${50 + x * 50}%`;
      element.style.top = `${50 + y * 50}%`;
      element.classList.toggle("behind", !known.peer.synced);
      const name = element.querySelector(".sky-name");
      if (name && name.textContent !== nameOf(known)) put(name, nameOf(known));
    },
  );
  const element = el("div", { class: "network-picture", "aria-hidden": true }, rings, around, middle, more);
  return {
    element,
    show: (known) => {
      const drawn = inOrder(known).slice(0, DRAWN);
      element.classList.toggle("many", drawn.length > RING);
      put(
        rings,
        svg("circle", { class: "sky-ring", r: ALONE * 100 }),
        svg("circle", { class: "sky-ring", r: ALONE * 50 }),
        drawn.map(({ peer }, index) => {
          const { x, y } = place(index, drawn.length);
          return svg("line", { class: peer.synced ? "sky-line" : "sky-line behind", x1: x * 100, y1: y * 100, x2: 0, y2: 0 });
        }),
      );
      showAll(drawn);
      put(more, known.length > drawn.length && t("peers.more", { n: known.length - drawn.length }));
    },
  };
}
