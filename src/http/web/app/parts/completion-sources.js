// What is completed: people behind an @, tags behind a #, emoji behind a colon.

import { get } from "../core/api.js";
import { el } from "../core/dom.js";
import { avatar } from "./avatar.js";
import { mention } from "./composer-mentions.js";
import { nameOf, plainName, shortKey } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("./completion.js").Source} Source */

const MOST = 6;

/**
 * @param {import("./composer-state.js").Person[]} people Those who are chosen are added.
 * @returns {Source}
 */
function peopleSource(people) {
  return {
    pattern: /(?:^|[^\p{L}\p{N}\p{M}_&/#@])@([\p{L}\p{N}\p{M}_.:\u200c-]{1,50})$/u,
    isEager: true,
    async find(query, signal) {
      /** @type {Account[]} */
      const found = await get("/api/v1/accounts/search", { q: query, limit: MOST }, signal);
      return found.map((account) => ({
        // Only one that is chosen is known from then on.
        get text() {
          return mention(account, people);
        },
        label: `${plainName(account)}, ${shortKey(account.acct)}`,
        words: [avatar(account, { isLink: false, size: "little" }), el("span", { class: "grow" }, nameOf(account)), el("span", { class: "key soft small" }, shortKey(account.acct))],
      }));
    },
  };
}

/** @type {Source} */
const tags = {
  pattern: /(?:^|[^\p{L}\p{N}\p{M}_&/#@])#([\p{L}\p{N}\p{M}_\u200c]{1,50})$/u,
  isEager: false,
  async find(query, signal) {
    /** @type {{hashtags: {name: string}[]}} */
    const { hashtags } = await get("/api/v2/search", { q: `#${query}`, type: "hashtags", limit: MOST }, signal);
    const others = hashtags.filter(({ name }) => name !== query);
    return others.map(({ name }) => ({ text: `#${name}`, label: name, words: el("bdi", null, `#${name}`) }));
  },
};

/** @type {Source} */
const emoji = {
  pattern: /(?:^|[\s\p{P}])(?::)([\p{L}\p{N}_+-]{2,30})$/u,
  isEager: true,
  async find(query) {
    const { findEmoji } = await import("./emoji-data.js");
    return (await findEmoji(query, MOST)).map(([character, name]) => ({
      text: character,
      label: name,
      words: [el("span", { class: "emoji-shown", "aria-hidden": true }, character), el("span", null, name)],
    }));
  },
};

/** @param {import("./composer-state.js").Person[]} people */
export function sources(people) {
  return [peopleSource(people), tags, emoji];
}
