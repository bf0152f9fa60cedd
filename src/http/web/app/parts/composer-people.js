// Under the field: whom the text addresses. What is only written like a name addresses nobody.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { addressed } from "./composer-mentions.js";
import { plainName, shortKey } from "./name.js";

/** @typedef {import("./composer-state.js").Person} Person */

/** Those whose keys were written out, as the node knows them. @type {Map<string, Person>} */
const known = new Map();

/** A row, to be told of each text. */
export function addressees() {
  const element = el("ul", { class: "addressees", "aria-label": t("write.addressed"), hidden: true });
  let shown = "";
  const show = (/** @type {string} */ text, /** @type {Person[]} */ people) => {
    const found = text.includes("@") ? addressed(text, people).map((person) => known.get(person.key) ?? person) : [];
    const drawn = found.map(({ key, name }) => `${key} ${name}`).join();
    if (drawn === shown) return;
    shown = drawn;
    element.hidden = found.length === 0;
    put(element, el("li", { class: "small soft", "aria-hidden": true }, t("write.addressed")), found.map(chip));
    for (const { key, name } of found) if (name === shortKey(key)) void learn(key).then((isNew) => isNew && show(text, people));
  };
  return { element, show };
}

/** @param {string} key */
async function learn(key) {
  if (known.has(key)) return false;
  known.set(key, { name: shortKey(key), key, avatar: "" });
  /** @type {import("../core/types.js").Account | null} */
  const account = await get("/api/v1/accounts/lookup", { acct: key }).catch(() => null);
  if (account) known.set(key, { name: plainName(account), key, avatar: account.avatar });
  return account !== null;
}

/** @param {Person} person */
function chip(person) {
  return el("li", { class: "chip", title: person.key }, picture(person), el("bdi", null, person.name), person.name !== shortKey(person.key) && el("span", { class: "key" }, shortKey(person.key)));
}

/** @param {Person} person */
function picture({ name, key, avatar: address }) {
  // Only what stands on it is needed of an account.
  const account = /** @type {any} */ ({ acct: key, avatar: address || "/static/avatar.png", display_name: name, majlis: { petname: null } });
  return avatar(account, { isLink: false, size: "little" });
}
