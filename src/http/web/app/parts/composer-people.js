// Under the field: whom the text addresses. What is only written like a name addresses nobody.

import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { addressed } from "./composer-mentions.js";
import { shortKey } from "./name.js";

/** @typedef {import("./composer-state.js").Person} Person */

/** A row, to be told of each text. */
export function addressees() {
  const element = el("ul", { class: "addressees", "aria-label": t("write.addressed"), hidden: true });
  let shown = "";
  return {
    element,
    /**
     * @param {string} text
     * @param {Person[]} people
     */
    show(text, people) {
      const found = text.includes("@") ? addressed(text, people) : [];
      const keys = found.map(({ key }) => key).join();
      if (keys === shown) return;
      shown = keys;
      element.hidden = found.length === 0;
      put(element, el("li", { class: "small soft", "aria-hidden": true }, t("write.addressed")), found.map((person) => el("li", { class: "chip", title: person.key }, picture(person), el("bdi", null, person.name), person.name !== shortKey(person.key) && el("span", { class: "key" }, shortKey(person.key)))));
    },
  };
}

/** @param {Person} person */
function picture({ name, key, avatar: address }) {
  // Only what stands on it is needed of an account.
  const account = /** @type {any} */ ({ acct: key, avatar: address || "/static/avatar.png", display_name: name, majlis: { petname: null } });
  return avatar(account, { isLink: false, size: "little" });
}
