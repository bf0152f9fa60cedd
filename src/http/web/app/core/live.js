// What the node tells by itself, over one WebSocket for the whole page: posts, edits, deletions, notifications.

import { connection, token, waitForNode } from "./api.js";

/**
 * Events: `update` (a status), `status.update` (an edited one), `delete` (an id), `notification`, each a CustomEvent
 * with `detail: {data, streams}`; and `resumed` when the connection is there again after a while, during which something may
 * have come.
 */
export const live = Object.assign(new EventTarget(), { isOpen: false });

/** @type {WebSocket | null} */
let socket = null;
/** Streams beside the owner's own, and how many want each. @type {Map<string, number>} */
const wanted = new Map();
/** Whether something may have come while it was not open. */
let hasMissed = false;

/** Opens the connection, and holds it open from then on. */
export function listen() {
  const own = token();
  if (!own || socket) return;
  // A page can set no header for a WebSocket but this one.
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/streaming?stream=user`, own);
  socket.onopen = () => {
    live.isOpen = true;
    for (const name of wanted.keys()) send("subscribe", name);
    if (hasMissed) live.dispatchEvent(new Event("resumed"));
    hasMissed = false;
  };
  socket.onmessage = ({ data }) => {
    const { event, payload, stream } = JSON.parse(data);
    const detail = { data: event === "delete" ? payload : payload && JSON.parse(payload), streams: stream };
    live.dispatchEvent(new CustomEvent(event, { detail }));
  };
  socket.onclose = () => {
    socket = null;
    live.isOpen = false;
    hasMissed = true;
    void again();
  };
}

async function again() {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await waitForNode();
  if (token()) listen();
}
connection.addEventListener("signedout", () => socket?.close());

/**
 * @param {"subscribe" | "unsubscribe"} type
 * @param {string} name As `hashtag tea`: the stream, and what it is of.
 */
function send(type, name) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const [stream, of] = name.split(" ");
  socket.send(JSON.stringify({ type, stream, ...(stream === "list" ? { list: of } : { tag: of }) }));
}

/**
 * Asks for a stream beside the owner's own; what this returns ends that.
 * @param {string} name `public:local`, `hashtag tea`, `list 5`
 * @returns {() => void}
 */
export function follow(name) {
  wanted.set(name, (wanted.get(name) ?? 0) + 1);
  if (wanted.get(name) === 1) send("subscribe", name);
  return () => {
    const left = (wanted.get(name) ?? 1) - 1;
    if (left > 0) wanted.set(name, left);
    else if (wanted.delete(name)) send("unsubscribe", name);
  };
}

/**
 * Listens as long as an element is in the document; to be called when it comes in, what it returns when it goes.
 * @param {Record<string, (detail: {data: any, streams: string[]}) => void>} handlers
 * @returns {() => void}
 */
export function on(handlers) {
  const ends = Object.entries(handlers).map(([name, handler]) => {
    const listener = (/** @type {Event} */ event) => handler(/** @type {CustomEvent} */ (event).detail);
    live.addEventListener(name, listener);
    return () => live.removeEventListener(name, listener);
  });
  return () => ends.forEach((end) => end());
}
