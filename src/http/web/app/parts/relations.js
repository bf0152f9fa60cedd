// How the owner stands to people: asked for many at once, kept, and told to all that shows it when it changes.

import { get, post } from "../core/api.js";
import { add } from "../core/dom.js";

/** @typedef {import("../core/types.js").Relationship} Relationship */

/** People in one question. */
const TOGETHER = 40;

/** What the node has said. @type {Map<string, Relationship>} */
const known = new Map();
/** What is to be so soon. @type {Map<string, Partial<Relationship>>} */
const coming = new Map();
/** @type {Map<string, Set<(relation: Relationship) => void>>} */
const listeners = new Map();
/** @type {Set<string>} */
const wanted = new Set();
/** @type {Promise<void> | null} */
let asking = null;

/**
 * As far as it is known.
 * @param {string} id
 * @returns {Relationship | undefined}
 */
export function relationTo(id) {
  const said = known.get(id);
  return said && { ...said, ...coming.get(id) };
}

/** @param {Relationship} relation */
export function learn(relation) {
  known.set(relation.id, relation);
  tell(relation.id);
  return relation;
}

/** @param {string} id */
function tell(id) {
  const relation = relationTo(id);
  if (relation) for (const listener of listeners.get(id) ?? []) listener(relation);
}

/**
 * Asks the node, together with all that is asked at the same time.
 * @param {string} id
 * @returns {Promise<void>}
 */
function askRelation(id) {
  wanted.add(id);
  asking ??= Promise.resolve().then(async () => {
    const ids = [...wanted];
    wanted.clear();
    asking = null;
    for (let at = 0; at < ids.length; at += TOGETHER) {
      (await get("/api/v1/accounts/relationships", { id: ids.slice(at, at + TOGETHER) })).forEach(learn);
    }
  });
  return asking;
}

/**
 * Shows at once what is to be; as it was before where that does not come about. What this returns ends that.
 * @param {string} id
 * @param {Partial<Relationship>} will
 */
export function expect(id, will) {
  coming.set(id, will);
  tell(id);
  return () => {
    if (coming.get(id) !== will) return;
    coming.delete(id);
    tell(id);
  };
}

/**
 * @param {string} id
 * @param {Partial<Relationship>} will
 * @param {string} act What to ask the node for: `mute`.
 * @param {any} [body]
 * @param {string} [root]
 * @returns {Promise<Relationship>}
 */
export async function relate(id, will, act, body, root = "/api/v1/accounts") {
  const end = expect(id, will);
  try {
    return learn(await post(`${root}/${id}/${act}`, body));
  } finally {
    end();
  }
}

/** Shows how the owner stands to someone, as long as it is in the document. */
class StandingPart extends HTMLElement {
  of = "";
  /** @type {(relation: Relationship) => void} */
  update = () => {};

  connectedCallback() {
    const all = listeners.get(this.of) ?? new Set();
    listeners.set(this.of, all.add(this.update));
    const relation = relationTo(this.of);
    if (relation) this.update(relation);
    askRelation(this.of).catch(() => {
      // It is asked again when this is shown again; the node's being away is said at the top of the page.
    });
  }

  disconnectedCallback() {
    listeners.get(this.of)?.delete(this.update);
  }
}
customElements.define("standing-part", StandingPart);

/**
 * @param {string} id
 * @param {import("../core/dom.js").Child} content
 * @param {(relation: Relationship) => void} update Called with what is known, and at each change.
 * @returns {HTMLElement}
 */
export function standing(id, content, update) {
  const part = /** @type {StandingPart} */ (document.createElement("standing-part"));
  part.of = id;
  part.update = update;
  add(part, content);
  return part;
}
