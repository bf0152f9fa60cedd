// Which page stands at which address. A page is fetched when it is first gone to.

/** @type {import("./core/router.js").Route[]} */
export const ROUTES = [
  { path: "/home", load: () => import("./pages/home.js") },
  { path: "/welcome", load: () => import("./pages/welcome.js") },
  { path: "/local", load: () => import("./pages/local.js") },
  { path: "/notifications", load: () => import("./pages/notifications.js") },
  { path: "/mentions", load: () => import("./pages/mentions.js") },
  { path: "/requests", load: () => import("./pages/requests.js") },
  { path: "/lists", load: () => import("./pages/lists.js") },
  { path: "/lists/{id}", load: () => import("./pages/list.js") },
  { path: "/tags", load: () => import("./pages/tags.js") },
  { path: "/tags/{tag}", load: () => import("./pages/tag.js") },
  { path: "/bookmarks", load: () => import("./pages/bookmarks.js") },
  { path: "/favourites", load: () => import("./pages/favourites.js") },
  { path: "/search", load: () => import("./pages/search.js") },
  { path: "/people", load: () => import("./pages/people.js") },
  { path: "/drafts", load: () => import("./pages/drafts.js") },
  { path: "/write", load: () => import("./pages/write.js") },
  { path: "/data", load: () => import("./pages/data.js") },
  { path: "/network", load: () => import("./pages/network.js") },
  { path: "/settings", load: () => import("./pages/settings.js") },
  { path: "/help", load: () => import("./pages/help.js") },
  { path: "/posts/{entry}", load: () => import("./pages/thread.js") },
  { path: "/@{key}", load: () => import("./pages/profile.js") },
  { path: "/@{key}/{number}", load: () => import("./pages/thread.js") },
  { path: ".*", load: () => import("./pages/nothing.js") },
];
