// Keeps the pages themselves, so that they open also while the node is away. What is shown in them is never kept here:
// it comes from the node alone.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const VERSION = "{{version}}";
const NAME = `majlis-${VERSION}`;
const FILES = /** @type {string[]} */ (/** @type {unknown} */ ("{{files}}"));
/** What a browser is led to that is no page of this app. */
const NO_PAGES = ["/api/*", "/oauth/*", "/media/*", "/static/*", "/nodeinfo/*", "/.well-known/*", "/metrics", "/health", "/robots.txt", "/feed.atom"];
/** Editions that are kept: the current one, and the one that a page left open may still be of. */
const KEPT = 2;

worker.addEventListener("install", (event) => {
  // Where the browser knows of it, most is answered without waking this worker first.
  /** @type {any} */ (event).addRoutes?.([
    { condition: { urlPattern: `/app/${VERSION}/*` }, source: { cacheName: NAME } },
    { condition: { or: NO_PAGES.map((urlPattern) => ({ urlPattern })) }, source: "network" },
    { condition: { requestMode: "navigate" }, source: "race-network-and-fetch-handler" },
  ]).catch(() => {
    // Then all comes here.
  });
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => Promise.all(FILES.map((file) => keep(cache, file))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      // In the order in which they were made.
      .then((names) => Promise.all(names.filter((name) => name.startsWith("majlis-")).slice(0, -KEPT).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/app/")) event.respondWith(kept(request));
  else if (request.mode === "navigate" && !NO_PAGES.some((pattern) => matches(pattern, url.pathname))) event.respondWith(kept("/"));
});

/**
 * @param {string} pattern
 * @param {string} path
 */
function matches(pattern, path) {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

/**
 * There is one of each file, whatever else the node says that its answers go by; a browser that finds one without this
 * worker would pass over those that go by something.
 * @param {Cache} cache
 * @param {string} file
 */
async function keep(cache, file) {
  const answer = await fetch(file);
  if (!answer.ok) throw new TypeError(`${file} is not there: ${answer.status}`);
  const headers = new Headers(answer.headers);
  ["Vary", "Content-Encoding", "Content-Length"].forEach((name) => headers.delete(name));
  await cache.put(file, new Response(answer.body, { headers }));
}

/**
 * The page is of one edition with what it is made of, which is named in its address.
 * @param {RequestInfo} request
 */
async function kept(request) {
  const current = await caches.open(NAME);
  return (await current.match(request)) ?? (await caches.match(request)) ?? fetch(request);
}
