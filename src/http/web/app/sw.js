// Keeps the pages themselves, so that they open also while the node is away. What is shown in them is never kept here:
// it comes from the node alone.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const NAME = "majlis-{{version}}";
const FILES = /** @type {string[]} */ (/** @type {unknown} */ ("{{files}}"));

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(NAME)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("majlis-") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const isPage = request.mode === "navigate" && !/^\/(api|oauth|media|static|nodeinfo)\b|^\/\.well-known\/|^\/(metrics|health|robots\.txt|feed\.atom)$/.test(url.pathname);
  if (isPage) event.respondWith(kept("/"));
  else if (url.pathname.startsWith("/app/")) event.respondWith(kept(request));
});

/**
 * All is of one making: the page, and what it is made of.
 * @param {RequestInfo} request
 */
async function kept(request) {
  const cache = await caches.open(NAME);
  // There is one of each, whatever else the node says that its answers go by.
  return (await cache.match(request, { ignoreVary: true })) ?? fetch(request);
}
