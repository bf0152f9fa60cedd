// Everything is asked of the node here, with the token of this browser. Whether the node answers at all is noticed here
// as well, and told to whoever listens.

import { keep, kept } from "./kept.js";

/** Milliseconds after which an answer is no longer waited for. Files may take their time. */
const PATIENCE = 30_000;

/** Why the node has not done something. */
export class Refused extends Error {
  /**
   * @param {number} status The HTTP status; 0 where the node did not answer.
   * @param {string} message In the node's words.
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** Whether the node could not be reached: it may do it later. */
  get isAway() {
    return this.status === 0;
  }
}

/** `away` and `back` when the node stops answering and answers again; `signedout` when the token holds no longer. */
export const connection = Object.assign(new EventTarget(), { isAway: false });

/** @param {boolean} isAway */
function noticed(isAway) {
  if (connection.isAway === isAway) return;
  connection.isAway = isAway;
  connection.dispatchEvent(new Event(isAway ? "away" : "back"));
}

/** @returns {string | null} The token of this browser. */
export function token() {
  return kept("token");
}

/** @typedef {Record<string, string | number | boolean | string[] | null | undefined>} Query */

/**
 * @param {string} path
 * @param {Query} [query]
 */
export function address(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value) pairs.append(`${name}[]`, one);
    else if (value !== null && value !== undefined && value !== false && value !== "") pairs.append(name, String(value));
  }
  return pairs.size ? `${path}?${pairs}` : path;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{query?: Query, body?: any, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>}
 */
async function ask(method, path, { query, body, headers = {}, signal } = {}) {
  const own = token();
  /** @type {Record<string, string>} */
  const all = { ...headers };
  if (own) all["authorization"] = `Bearer ${own}`;
  if (body !== undefined && !(body instanceof FormData)) all["content-type"] = "application/json";
  const limit = AbortSignal.timeout(PATIENCE);
  const sent = body === undefined || body instanceof FormData ? body : JSON.stringify(body);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers: all,
      body: sent,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      cache: "no-store",
      // What is said while the page goes is still said; browsers let no more than 64 KiB through then.
      keepalive: document.hidden && method !== "GET" && !(sent instanceof FormData) && (sent?.length ?? 0) < 16_000,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    noticed(true);
    throw new Refused(0, "the node does not answer");
  }
  noticed(false);
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  if (response.status === 401 && own) {
    keep("token", null);
    connection.dispatchEvent(new Event("signedout"));
  }
  throw new Refused(response.status, said.error_description ?? said.error ?? response.statusText);
}

/**
 * @param {string} path
 * @param {Query} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function get(path, query, signal) {
  return (await ask("GET", path, { query, signal })).json();
}

/**
 * @param {string} path
 * @param {any} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<any>}
 */
export async function post(path, body = {}, headers) {
  return (await ask("POST", path, { body, headers })).json();
}

/**
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function change(path, body = {}) {
  return (await ask("PUT", path, { body })).json();
}

/**
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function patch(path, body = {}) {
  return (await ask("PATCH", path, { body })).json();
}

/**
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function remove(path, body) {
  return (await ask("DELETE", path, { body })).json();
}

/**
 * A page of a list, and how to ask for those beside it.
 * @template T
 * @typedef {{items: T[], older: Query | null, newer: Query | null}} Listed
 */

/**
 * @param {string} path
 * @param {Query} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Listed<any>>}
 */
export async function list(path, query, signal) {
  const response = await ask("GET", path, { query, signal });
  const links = response.headers.get("link") ?? "";
  return { items: await response.json(), older: linked(links, "next"), newer: linked(links, "prev") };
}

/**
 * @param {string} links
 * @param {string} relation
 * @returns {Query | null}
 */
function linked(links, relation) {
  const found = links.split(/,\s*(?=<)/).find((link) => link.includes(`rel="${relation}"`));
  const url = found?.match(/<([^>]*)>/)?.[1];
  return url ? Object.fromEntries(new URL(url, location.href).searchParams) : null;
}

/**
 * Hands a file over. Only the old way of asking tells how far it has come.
 * @param {string} path
 * @param {Record<string, string | Blob>} fields
 * @param {(part: number) => void} [progress] Called with how much is over, from 0 to 1.
 * @param {AbortSignal} [signal]
 * @param {string} [method]
 * @returns {Promise<any>}
 */
export function upload(path, fields, progress = () => {}, signal, method = "POST") {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader("authorization", `Bearer ${token()}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onerror = () => {
      noticed(true);
      reject(new Refused(0, "the node does not answer"));
    };
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => {
      noticed(false);
      if (request.status >= 200 && request.status < 300) resolve(request.response);
      else reject(new Refused(request.status, request.response?.error ?? request.statusText));
    };
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** Asks whether the node is there again, and goes on asking, more and more seldom, until it is. */
export async function waitForNode() {
  for (let wait = 500; connection.isAway; wait = Math.min(wait * 1.6, 10_000)) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    try {
      const response = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(5_000) });
      if (response.ok) noticed(false);
    } catch {
      // It is still away.
    }
  }
}
connection.addEventListener("away", () => void waitForNode());
