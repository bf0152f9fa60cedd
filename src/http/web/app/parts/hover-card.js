// Who someone is, where one rests on their name or picture with a mouse. All of it is on their page as well.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { router } from "../core/router.js";
import { brief, t } from "../core/words.js";
import { followsYou } from "./account-row.js";
import { avatar } from "./avatar.js";
import { followButton } from "./follow-button.js";
import { nameOf, shortKey } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */

/** Milliseconds that one rests there, and that one may be on the way to the card. */
const REST = 550;
const AWAY = 250;
/** Letters of a biography. */
const EXCERPT = 280;
const PERSON = /^\/@(z6Mk[1-9A-HJ-NP-Za-km-z]+)$/;

/** @type {HTMLElement | null} */
let card = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {Element | null} */
let over = null;

/** Starts looking where the mouse rests. */
export function startHoverCards() {
  document.addEventListener("pointerover", (event) => {
    if (!(event.target instanceof Element) || event.pointerType !== "mouse") return;
    const link = event.target.closest("a");
    if (event.target.closest(".hover-card")) clearTimeout(timer);
    else if (link !== over) rest(link);
  });
  document.addEventListener("pointerdown", (event) => event.target instanceof Element && !event.target.closest(".hover-card") && close());
  addEventListener("scroll", close, { passive: true });
  addEventListener("keydown", (event) => event.key === "Escape" && close());
  router.addEventListener("moved", close);
}

/** @param {HTMLAnchorElement | null} link */
function rest(link) {
  over = link;
  clearTimeout(timer);
  const key = link?.origin === location.origin && !link.closest(".profile, .nav, dialog") && link.pathname.match(PERSON)?.[1];
  timer = key && link ? setTimeout(() => void open(link, key), REST) : setTimeout(close, AWAY);
}

function close() {
  clearTimeout(timer);
  over = null;
  card?.remove();
  card = null;
}

/**
 * @param {HTMLAnchorElement} link
 * @param {string} key
 */
async function open(link, key) {
  /** @type {Account | null} */
  const account = await get("/api/v1/accounts/lookup", { acct: key }).catch(() => null);
  if (!account || over !== link || !link.isConnected) return;
  card?.remove();
  card = el("div", { class: "hover-card", popover: "manual", onpointerleave: () => (timer = setTimeout(close, AWAY)) });
  put(card, about(account));
  document.body.append(card);
  card.showPopover();
  place(card, link.getBoundingClientRect());
}

/**
 * Puts it below the link or above it, where both begin.
 * @param {HTMLElement} made
 * @param {DOMRect} at
 */
function place(made, at) {
  const [{ width, height }, room] = [made.getBoundingClientRect(), 8];
  const left = getComputedStyle(made).direction === "ltr" ? at.left : at.right - width;
  const below = at.bottom + room;
  made.style.left = `${Math.max(room, Math.min(left, innerWidth - width - room))}px`;
  made.style.top = `${below + height + room <= innerHeight ? below : Math.max(room, at.top - height - room)}px`;
}

/** @param {Account} account */
function about(account) {
  const { majlis, acct, following_count: following, followers_count: followers } = account;
  const bio = majlis.bio?.slice(0, EXCERPT).trim();
  return [
    el("div", { class: "row nowrap" }, avatar(account), el("div", { class: "grow" }), followButton(account)),
    el("div", { class: "row nowrap" }, el("a", { class: "account-name", href: `/@${acct}` }, nameOf(account)), followsYou(account)),
    el("p", { class: "soft small key" }, shortKey(acct)),
    bio && el("p", { class: "hover-bio", dir: "auto" }, bio),
    el("p", { class: "soft small" }, t("people.counts", { following: brief(following), followers: brief(followers) })),
  ];
}
