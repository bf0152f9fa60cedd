// Which page stands at which address. Pages that were left stay as they are for a while, so that going back finds one
// where one was.

import { put } from "./dom.js";
import { t } from "./words.js";

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./types.js").Place} Place */
/** @typedef {{path: string, load: () => Promise<{default: (place: Place) => Page | Promise<Page>}>}} Route */

/** Pages that are kept. */
const KEPT = 6;

/** `moved` when another page is shown. */
export const router = Object.assign(new EventTarget(), { path: location.pathname });

/** @type {Route[]} */
let routes = [];
/** @type {HTMLElement} */
let outlet;
/** By the key of an entry of the history. @type {Map<number, {page: Page, scroll: number, address: string}>} */
const pages = new Map();
/** @type {number} */
let current = history.state?.key ?? 0;
let latest = current;
let turn = 0;

/**
 * @param {HTMLElement} into
 * @param {Route[]} table
 */
export function startRouter(into, table) {
  [outlet, routes] = [into, table];
  history.scrollRestoration = "manual";
  history.replaceState({ key: current }, "");
  addEventListener("popstate", ({ state }) => {
    leave();
    current = state?.key ?? 0;
    void show();
  });
  document.addEventListener("click", followLink);
  return show();
}

/**
 * Links within the app lead on without the browser's loading anything.
 * @param {MouseEvent} event
 */
function followLink(event) {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const isOwn = link && link.origin === location.origin && !link.target && !link.hasAttribute("download");
  if (!isOwn || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (!match(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

/**
 * Goes to a page.
 * @param {string} to
 * @param {{replace?: boolean}} [options] With `replace` the page that is left is not come back to.
 */
export function go(to, { replace = false } = {}) {
  if (to === location.pathname + location.search && !replace) {
    scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth" });
    return;
  }
  leave();
  latest = Math.max(latest, current) + 1;
  current = latest;
  if (replace) history.replaceState({ key: current }, "", to);
  else history.pushState({ key: current }, "", to);
  void show();
}

/**
 * Has the page that is shown stand at another address from now on, as what it shows has changed.
 * @param {string} to
 */
export function moveTo(to) {
  history.replaceState({ key: current }, "", to);
  router.path = location.pathname;
  const shown = pages.get(current);
  if (shown) shown.address = to;
}

/** Goes back to where one came from; where one came from nowhere, home. */
export function back() {
  if (current > 0 && history.length > 1) history.back();
  else go("/home", { replace: true });
}

function leave() {
  const left = pages.get(current);
  if (!left) return;
  left.scroll = scrollY;
  left.page.hidden?.();
}

/**
 * @param {string} path
 * @returns {{route: Route, parts: Record<string, string>} | null}
 */
function match(path) {
  for (const route of routes) {
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
    const found = path.replace(/(.)\/$/, "$1").match(new RegExp(`^${route.path.replace(/\{\w+\}/g, "([^/]+)")}$`));
    if (found) {
      const parts = Object.fromEntries(names.map((name, index) => [name, decoded(found[index + 1])]));
      return { route, parts };
    }
  }
  return null;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function show() {
  const mine = ++turn;
  const address = location.pathname + location.search;
  router.path = location.pathname;
  const known = pages.get(current);
  /** @type {Page} */
  let page;
  let scroll = 0;
  if (known?.address === address) {
    ({ page, scroll } = known);
  } else {
    const found = match(location.pathname) ?? { route: routes[routes.length - 1], parts: {} };
    router.dispatchEvent(new Event("moved"));
    page = await made(found.route, { path: location.pathname, parts: found.parts, query: new URLSearchParams(location.search) });
    if (mine !== turn) return;
  }
  pages.delete(current);
  pages.set(current, { page, scroll, address });
  for (const key of [...pages.keys()].slice(0, -KEPT)) pages.delete(key);
  put(outlet, page.element);
  document.title = `${page.title} · ${t("app.name")}`;
  page.shown?.();
  scrollTo(0, scroll);
  router.dispatchEvent(new Event("moved"));
  // Who reads with their ears is told where they are; whoever came by keyboard goes on from there, or where the page
  // has put them.
  if (mine > 1 && !page.element.contains(document.activeElement)) page.element.querySelector("h1")?.focus({ preventScroll: true });
}

/**
 * @param {Route} route
 * @param {Place} place
 * @returns {Promise<Page>}
 */
async function made(route, place) {
  try {
    return await (await route.load()).default(place);
  } catch (error) {
    const { default: trouble } = await import("../pages/trouble.js");
    return trouble(error);
  }
}

/** Has the page that is shown be made anew. */
export function again() {
  pages.delete(current);
  return show();
}
