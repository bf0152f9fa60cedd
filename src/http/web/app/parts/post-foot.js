// Beneath what a post says: how it was made, in which language, who holds it; and where the page is about it, all that
// is known of it.

import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { brief, lang, languageName, moment, t, tt } from "../core/words.js";
import { delivery } from "./delivery.js";
import { isAiMade, sourceTypeName } from "./source-type.js";
import { usageWords } from "./usage.js";

/** @typedef {import("../core/types.js").Status} Status */

/**
 * @param {Status} status
 * @param {import("./post.js").Options} options
 */
export function postFoot(status, { isLarge }) {
  const said = [made(status), isLarge ? null : language(status), delivery(status)].filter((one) => one !== null);
  return [said.length > 0 && el("div", { class: "post-foot" }, said), isLarge && allOfIt(status)];
}

/** @param {Status} status */
function made({ majlis: { source_type: type } }) {
  if (!type || !isAiMade(type)) return null;
  return el("span", { class: "chip made" }, icon("sparkle"), sourceTypeName(type));
}

/**
 * Where it is another one than that of the page.
 * @param {Status} status
 */
function language({ language: tag }) {
  if (!tag || tag.split("-")[0] === lang()) return null;
  return el("span", { class: "soft" }, languageName(tag));
}

/** @param {Status} status */
function allOfIt(status) {
  const asked = usageWords(status.majlis.usage);
  const facts = [moment(status.created_at), t(`post.${status.visibility}`), status.language && languageName(status.language)].filter(
    Boolean,
  );
  return el(
    "div",
    { class: "post-all" },
    el(
      "p",
      { class: "soft small" },
      el("time", { datetime: status.created_at }, facts[0]),
      facts.slice(1).map((fact) => ` · ${fact}`),
    ),
    asked && el("p", { class: "post-asks small" }, icon("shield"), el("span", null, asked)),
    counts(status),
  );
}

/** @param {Status} status */
function counts(status) {
  const { id, reblogs_count: reposts, favourites_count: likes } = status;
  const who = (/** @type {string} */ words, /** @type {number} */ n, /** @type {"reblogged_by" | "favourited_by"} */ by) =>
    n > 0 &&
    el("button", { class: "post-count", onclick: () => void openWho(id, by) }, tt(words, { n, count: el("strong", null, brief(n)) }));
  const shown = [who("post.reposts", reposts, "reblogged_by"), who("post.likes", likes, "favourited_by")].filter(Boolean);
  return shown.length > 0 && el("div", { class: "row post-counts" }, shown);
}

/**
 * @param {string} id
 * @param {"reblogged_by" | "favourited_by"} by
 */
async function openWho(id, by) {
  const who = await import("./who.js").catch(failed);
  who?.openWho(id, by);
}
