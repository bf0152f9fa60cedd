// Every page that there is, by a name and where it stands, in a furnished house.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { holds } from "./hold.mjs";
import { APP } from "./tools.mjs";

export async function pagesOf({ amina, basim, said }) {
  const [list] = await amina.api("GET", "/api/v1/lists");
  const own = await amina.api("GET", "/api/v1/accounts/verify_credentials");
  const [post] = await amina.api("GET", `/api/v1/accounts/${own.id}/statuses?limit=1`);
  const pages = {
    home: "/home",
    welcome: "/welcome",
    local: "/local",
    notifications: "/notifications",
    mentions: "/mentions",
    requests: "/requests",
    lists: "/lists",
    list: `/lists/${list.id}`,
    tags: "/tags",
    tag: "/tags/tea",
    bookmarks: "/bookmarks",
    favourites: "/favourites",
    search: "/search?q=tea",
    people: "/people",
    drafts: "/drafts",
    write: "/write",
    data: "/data",
    network: "/network",
    settings: "/settings",
    help: "/help",
    thread: `/posts/${said.reply.id}`,
    "thread-by-number": new URL(post.url).pathname,
    "own-page": `/@${amina.key}`,
    "page-of-another": `/@${basim.key}`,
    nowhere: "/nowhere",
  };
  const routes = [...readFileSync(join(APP, "routes.js"), "utf8").matchAll(/path: "([^"]+)"/g)].map((found) => found[1]);
  for (const route of routes) {
    const pattern = new RegExp(`^${route.replace(/\{\w+\}/g, "[^/]+")}$`);
    holds(Object.values(pages).some((path) => pattern.test(path.split("?")[0])), `no page that is looked at is at ${route}`);
  }
  return pages;
}
