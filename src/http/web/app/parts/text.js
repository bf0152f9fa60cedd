// What people write, as paragraphs of words and links. Each paragraph finds its direction by itself.

import { el } from "../core/dom.js";
import { shortKey } from "./name.js";

/** @typedef {import("../core/types.js").Part} Part */

/** Characters of a link that are shown. */
const LINK = 42;

/**
 * @param {Part[]} parts
 * @param {number} [limit] Characters after which it ends.
 * @returns {HTMLParagraphElement[]}
 */
export function paragraphs(parts, limit = Infinity) {
  /** @type {Part[][]} */
  const found = [[]];
  for (const part of upTo(parts, limit)) {
    if (typeof part !== "string") {
      found[found.length - 1].push(part);
      continue;
    }
    const [first, ...others] = part.replaceAll("\r\n", "\n").split(/\n[^\S\n]*\n\s*/);
    found[found.length - 1].push(first);
    for (const other of others) found.push([other]);
  }
  return found.filter((paragraph) => paragraph.some((part) => part !== "")).map(paragraphOf);
}

/** @param {Part[]} parts */
function paragraphOf(parts) {
  const [first, last] = [parts[0], parts[parts.length - 1]];
  const trimmed = [...parts];
  if (typeof first === "string") trimmed[0] = first.replace(/^\n+/, "");
  if (typeof last === "string") trimmed[trimmed.length - 1] = String(trimmed[trimmed.length - 1]).trimEnd();
  return el("p", { dir: "auto" }, trimmed.map(piece));
}

/** @param {Part} part */
function piece(part) {
  if (typeof part === "string") return part;
  if ("link" in part) return link(part.link);
  if ("tag" in part) return el("a", { href: `/tags/${encodeURIComponent(part.tag)}`, rel: "tag" }, part.text);
  return el("a", { href: `/@${part.mention}`, class: "mention" }, "@", el("bdi", null, part.name || shortKey(part.mention)));
}

/** @param {string} url */
function link(url) {
  if (!/^https?:\/\//i.test(url)) return url;
  const said = url.replace(/^https?:\/\/(www\.)?/i, "").replace(/\/$/, "");
  const shown = said.length > LINK ? `${said.slice(0, LINK)}…` : said;
  return el("a", { href: url, title: url, dir: "ltr", class: "web", target: "_blank", rel: "nofollow noopener noreferrer" }, shown);
}

/**
 * @param {Part} part
 * @returns {string}
 */
function plain(part) {
  if (typeof part === "string") return part;
  return "link" in part ? part.link : part.text;
}

/**
 * As text alone.
 * @param {Part[]} parts
 */
export function plainText(parts) {
  return parts.map(plain).join("");
}

/**
 * @param {Part[]} parts
 * @param {number} limit
 * @returns {Part[]}
 */
function upTo(parts, limit) {
  let left = limit;
  /** @type {Part[]} */
  const taken = [];
  for (const part of parts) {
    const length = plain(part).length;
    if (length > left) {
      if (typeof part === "string") taken.push(`${part.slice(0, left)}…`);
      return taken;
    }
    taken.push(part);
    left -= length;
  }
  return taken;
}
