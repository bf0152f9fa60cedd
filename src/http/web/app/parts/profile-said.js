// What someone says of themselves and asks for, on their page.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { brief, day, number, t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { plainName } from "./name.js";
import { openPeople } from "./people-sheet.js";
import { paragraphs } from "./text.js";
import { usageWords } from "./usage.js";

/** @typedef {import("../core/types.js").Account} Account */

/** Letters of a biography that are shown at once. */
const LONG = 900;

/**
 * What stands on the owner's page, of which only the owner's node knows.
 * @typedef {{tags: import("../core/types.js").Tag[], people: Account[]}} Featured
 */

/** @returns {Promise<Featured>} */
export async function readFeatured() {
  const [tags, people] = await Promise.all([get("/api/v1/featured_tags"), get("/api/v1/endorsements")]);
  return { tags, people };
}

/** @param {Account} account */
export function biography({ majlis: { bio, bio_parts: parts } }) {
  const shown = el("div", { class: "profile-bio" });
  const all = () => put(shown, paragraphs(parts));
  if (bio.length <= LONG) return all();
  return put(shown, paragraphs(parts, LONG), el("button", { class: "link", onclick: all }, t("profile.bio.all")));
}

/** @param {Account} account */
export function fields({ majlis }) {
  if (!majlis.fields?.length) return null;
  return el(
    "dl",
    { class: "profile-fields" },
    majlis.fields.map(({ name, parts }) => el("div", null, el("dt", { dir: "auto" }, name), el("dd", null, paragraphs(parts)))),
  );
}

/** @param {Account} account */
export function counts(account) {
  const people = (/** @type {string} */ which, /** @type {number} */ n) =>
    el(
      "button",
      { class: "count-link", onclick: () => openPeople(account, which), title: number(n) },
      el("strong", null, brief(n)),
      ` ${t(`profile.${which}`, { n })}`,
    );
  const { last_status_at: last, statuses_count: posts } = account;
  return el(
    "p",
    { class: "profile-counts" },
    el("span", { title: number(posts) }, el("strong", null, brief(posts)), ` ${t("profile.posts", { n: posts })}`),
    people("following", account.following_count),
    people("followers", account.followers_count),
    last && el("span", { class: "soft" }, t("profile.last", { day: day(`${last}T12:00:00`) })),
  );
}

/**
 * What they ask those who read, with regard to machines.
 * @param {Account} account
 */
export function asks({ majlis }) {
  const words = usageWords(majlis.usage);
  if (!words && !majlis.own) return null;
  return el(
    "p",
    { class: "profile-usage small" },
    icon("shield"),
    el("span", null, words ?? t("profile.usage.none"), majlis.own && [" ", el("a", { href: "/data" }, t("profile.usage.change"))]),
  );
}

/** @param {Featured} shown */
export function featured({ tags, people }) {
  return [
    tags.length > 0 &&
      el(
        "div",
        { class: "tag-list" },
        tags.map(({ name }) => el("a", { class: "chip", href: `/tags/${encodeURIComponent(name)}` }, el("bdi", null, `#${name}`))),
      ),
    people.length > 0 &&
      el(
        "div",
        { class: "faces" },
        el("span", { class: "soft small" }, t("profile.endorsed")),
        people.map((one) =>
          el(
            "a",
            { href: `/@${one.acct}`, title: plainName(one), "aria-label": plainName(one) },
            avatar(one, { isLink: false, size: "little" }),
          ),
        ),
      ),
  ];
}
