// What stands around every page: the ways to go, how the node is, and what is new.

import { connection, get, list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { onKey } from "../core/keys.js";
import { on } from "../core/live.js";
import { back, go, router, startRouter } from "../core/router.js";
import { isFirstRun } from "../core/first-run.js";
import { session } from "../core/session.js";
import { brief, t } from "../core/words.js";
import { ROUTES } from "../routes.js";
import { aside } from "./aside.js";
import { avatar } from "./avatar.js";
import { logo } from "./logo.js";
import { nameOf } from "./name.js";

/** @typedef {{path: string, name: string, icon: string, count?: "notifications" | "requests"}} Way */

/** @type {Way[]} */
const WAYS = [
  { path: "/home", name: "nav.home", icon: "home" },
  { path: "/notifications", name: "nav.notifications", icon: "bell", count: "notifications" },
  { path: "/mentions", name: "nav.mentions", icon: "at" },
  { path: "/requests", name: "nav.requests", icon: "door", count: "requests" },
  { path: "/search", name: "nav.search", icon: "search" },
  { path: "/people", name: "nav.people", icon: "people" },
  { path: "/lists", name: "nav.lists", icon: "list" },
  { path: "/tags", name: "nav.tags", icon: "hash" },
  { path: "/bookmarks", name: "nav.bookmarks", icon: "bookmark" },
  { path: "/drafts", name: "nav.drafts", icon: "pen" },
  { path: "/data", name: "nav.data", icon: "shield" },
  { path: "/network", name: "nav.network", icon: "network" },
  { path: "/settings", name: "nav.settings", icon: "gear" },
];
/** Those that lie under the thumb; all others are behind the last. */
const THUMB = ["/home", "/notifications"];

/** `changed` when there is more or less that is new. */
export const counts = Object.assign(new EventTarget(), { notifications: 0, requests: 0 });

/** Counts anew what waits to be looked at. */
export async function countAnew() {
  const [unread, requests] = await Promise.all([
    get("/api/v1/notifications/unread_count").catch(() => ({ count: counts.notifications })),
    list("/api/v1/notifications/requests").catch(() => ({ items: Array(counts.requests).fill(null) })),
  ]);
  counts.notifications = unread.count;
  counts.requests = requests.items.length;
  counts.dispatchEvent(new Event("changed"));
}

/** @param {Way} way */
function wayTo({ path, name, icon: picture, count }) {
  const badge = count && el("span", { class: "count", hidden: true });
  const link = el("a", { href: path }, icon(picture), el("span", { class: "words" }, t(name)), badge);
  if (count && badge) {
    const show = () => {
      badge.hidden = counts[count] === 0;
      put(badge, brief(counts[count]), el("span", { class: "unseen" }, ` ${t("nav.new")}`));
    };
    counts.addEventListener("changed", show);
    show();
  }
  return link;
}

function ownPage() {
  const link = el("a", { class: "me" });
  const show = () => {
    const { me } = session;
    if (!me) return;
    link.setAttribute("href", `/@${me.acct}`);
    put(link, avatar(me, { isLink: false, size: "little" }), el("span", { class: "words" }, nameOf(me)));
  };
  session.addEventListener("changed", show);
  show();
  return link;
}

function side() {
  return el(
    "header",
    { class: "side" },
    el("a", { class: "brand", href: "/home", "aria-label": t("app.name") }, logo(), el("span", { class: "words" }, t("app.name"))),
    el("nav", { class: "nav", "aria-label": t("nav.all") }, WAYS.map(wayTo)),
    el("a", { class: "button main write", href: "/write", onclick: write }, icon("pen"), el("span", { class: "words" }, t("nav.write"))),
    el("nav", { class: "nav me", "aria-label": t("nav.profile") }, ownPage()),
  );
}

function foot() {
  const under = WAYS.filter(({ path }) => THUMB.includes(path)).map(wayTo);
  const writing = el("a", { href: "/write", class: "write", onclick: write, "aria-label": t("nav.write") }, icon("pen"));
  const searching = el("a", { href: "/search", "aria-label": t("nav.search") }, icon("search"));
  const more = el("button", { "aria-label": t("nav.more"), "aria-haspopup": "dialog", onclick: openMore }, icon("more"));
  for (const link of under) link.querySelector(".words")?.classList.add("unseen");
  return el("nav", { class: "foot", "aria-label": t("nav.main") }, under, writing, searching, more);
}

async function openMore() {
  const { sheet } = await import("./sheet.js");
  const opened = sheet(t("nav.more"), el("nav", { class: "nav", "aria-label": t("nav.all"), onclick: () => opened.close() }, ownPage(), WAYS.filter(({ path }) => !THUMB.includes(path)).map(wayTo)));
}

/**
 * Writing opens over the page, so that one stays where one reads. Opened in another tab it is a page of its own.
 * @param {MouseEvent} [event]
 */
async function write(event) {
  if (event?.metaKey || event?.ctrlKey || event?.shiftKey) return;
  event?.preventDefault();
  const { openComposer } = await import("./composer.js");
  openComposer();
}

/** Says that the node does not answer, and that it does again. */
function banner() {
  const into = el("div", { role: "status" });
  const show = () =>
    put(into, connection.isAway && el("div", { class: "banner" }, icon("away"), el("span", null, t("away.banner")), el("span", { class: "spinner", "aria-hidden": true })));
  connection.addEventListener("away", show);
  connection.addEventListener("back", show);
  show();
  return into;
}

function markWhereOneIs() {
  for (const link of document.querySelectorAll(".nav a, .foot a")) {
    const isHere = link.getAttribute("href") === router.path;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function listenForKeys() {
  for (const { path, name } of WAYS) onKey(document, name.slice("nav.".length), () => go(path));
  onKey(document, "me", () => session.me && go(`/@${session.me.acct}`));
  onKey(document, "back", back);
  onKey(document, "write", () => void write());
  onKey(document, "help", async () => (await import("./help.js")).openHelp());
}

/** Puts it all on the page, and shows what is at the address. */
export async function openShell() {
  const page = el("main", { class: "page", id: "page" });
  router.addEventListener("moved", () => {
    document.body.classList.toggle("bare", router.path === "/welcome");
    markWhereOneIs();
  });
  put(
    document.body,
    el("a", { class: "button skip", href: "#page", onclick: (/** @type {Event} */ event) => (event.preventDefault(), page.querySelector("h1")?.focus()) }, t("nav.skip")),
    banner(),
    el("div", { class: "shell" }, side(), page, aside()),
    foot(),
  );
  listenForKeys();
  if (matchMedia("(hover: hover)").matches) void import("./hover-card.js").then(({ startHoverCards }) => startHoverCards());
  on({ notification: () => void countAnew(), resumed: () => void countAnew() });
  void countAnew();
  if (location.pathname === "/home" && isFirstRun()) history.replaceState(null, "", "/welcome");
  await startRouter(page, ROUTES);
  // What was sent and had not arrived when the page was closed.
  const { sendWaiting } = await import("./outbox-send.js");
  await sendWaiting();
}
