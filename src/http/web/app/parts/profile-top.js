// Who someone is: their pictures, names and key, what they say of themselves and ask for, and how the owner stands to
// them.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { brief, day, number, t } from "../core/words.js";
import { accountMenu, writeTo } from "./account-menu.js";
import { followsYou } from "./account-row.js";
import { avatar, hue } from "./avatar.js";
import { followButton } from "./follow-button.js";
import { keyLine } from "./key-line.js";
import { nameOf, plainName } from "./name.js";
import { ownName } from "./own-name.js";
import { openPeople } from "./people-sheet.js";
import { relationTo, standing } from "./relations.js";
import { paragraphs } from "./text.js";
import { usageWords } from "./usage.js";

/** @typedef {import("../core/types.js").Account} Account */

const WITHOUT = "/static/header.png";
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

/**
 * @param {Account} account
 * @param {Featured | null} shown
 * @returns {HTMLElement}
 */
export function profileTop(account, shown) {
  const name = ownName(account);
  return el(
    "section",
    { class: "profile" },
    header(account),
    el("div", { class: "profile-bar" }, portrait(account), account.majlis.own ? editing(account) : acts(account, name.open)),
    el(
      "div",
      { class: "profile-body" },
      el("div", { class: "profile-name" }, el("h2", null, nameOf(account)), followsYou(account), account.bot && el("span", { class: "chip", title: t("people.bot.words") }, t("people.bot")), marks(account)),
      name.element,
      keyLine(account),
      isUnknown(account) && unknown(),
      account.majlis.bio && biography(account),
      fields(account),
      counts(account),
      asks(account),
      shown && featured(shown),
    ),
  );
}

/**
 * Whether nothing of them has come here yet.
 * @param {Account} account
 */
export function isUnknown({ majlis, display_name: name, statuses_count: posts, last_status_at: last }) {
  return !majlis.own && !majlis.petname && !name && posts === 0 && last === null;
}

function unknown() {
  return el("p", { class: "card note", role: "status" }, icon("clock"), el("span", null, t("profile.unknown")));
}

/** @param {Account} account */
function header({ header: picture, header_description: described, acct }) {
  const hasPicture = !picture.endsWith(WITHOUT);
  const shown = el("div", { class: hasPicture ? "profile-header" : "profile-header plain" }, hasPicture && enlarging(picture, described, "profile.header"));
  shown.style.setProperty("--hue", String(hue(acct)));
  return shown;
}

/** @param {Account} account */
function portrait(account) {
  const shown = avatar(account, { isLink: false, size: "large" });
  const picture = shown.querySelector("img");
  if (picture) shown.replaceChildren(enlarging(account.avatar, account.avatar_description, "profile.picture"));
  return shown;
}

/**
 * A picture that is seen whole at a press.
 * @param {string} url
 * @param {string} described
 * @param {string} words
 */
function enlarging(url, described, words) {
  const open = async () => {
    const { sheet } = await import("./sheet.js");
    sheet(t(words), el("img", { class: "whole", src: url, alt: described }), { class: "wide" });
  };
  return el("button", { class: "enlarging", onclick: open, "aria-label": described || t(words) }, el("img", { src: url, alt: "", decoding: "async" }));
}

/**
 * @param {Account} account
 * @param {() => void} rename
 */
function acts(account, rename) {
  const more = el("button", { class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("people.more") }, icon("more"));
  more.addEventListener("click", () => accountMenu(more, account, relationTo(account.id), { rename }));
  const write = el("button", { class: "icon-button write-to", onclick: () => void writeTo(account), "aria-label": t("people.write"), title: t("people.write") }, icon("pen"));
  return el("div", { class: "row" }, more, write, followButton(account, undefined, { isMain: true }));
}

/** @param {Account} account */
function editing(account) {
  const more = el("button", { class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("people.more") }, icon("more"));
  more.addEventListener("click", () => accountMenu(more, account, undefined));
  const edit = async () => (await import("./profile-form.js")).openProfileForm();
  return el("div", { class: "row" }, more, el("button", { class: "button", onclick: edit }, icon("pen"), t("profile.edit")));
}

/**
 * What one sees nothing of them for.
 * @param {Account} account
 */
function marks(account) {
  if (account.majlis.own) return null;
  const into = el("span", { class: "row" });
  return standing(account.id, into, ({ muting, blocking, endorsed }) =>
    put(into, blocking && el("span", { class: "chip" }, t("people.is.blocked")), muting && el("span", { class: "chip" }, t("people.is.muted")), endorsed && el("span", { class: "chip" }, t("people.is.endorsed"))),
  );
}

/** @param {Account} account */
function biography({ majlis: { bio, bio_parts: parts } }) {
  const shown = el("div", { class: "profile-bio" });
  const all = () => put(shown, paragraphs(parts));
  if (bio.length <= LONG) return all();
  return put(shown, paragraphs(parts, LONG), el("button", { class: "link", onclick: all }, t("profile.bio.all")));
}

/** @param {Account} account */
function fields({ majlis }) {
  if (!majlis.fields?.length) return null;
  return el("dl", { class: "profile-fields" }, majlis.fields.map(({ name, parts }) => el("div", null, el("dt", { dir: "auto" }, name), el("dd", null, paragraphs(parts)))));
}

/** @param {Account} account */
function counts(account) {
  const people = (/** @type {string} */ which, /** @type {number} */ n) =>
    el("button", { class: "count-link", onclick: () => openPeople(account, which), title: number(n) }, el("strong", null, brief(n)), ` ${t(`profile.${which}`, { n })}`);
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
function asks({ majlis }) {
  const words = usageWords(majlis.usage);
  if (!words && !majlis.own) return null;
  return el("p", { class: "profile-usage small" }, icon("shield"), el("span", null, words ?? t("profile.usage.none"), majlis.own && [" ", el("a", { href: "/data" }, t("profile.usage.change"))]));
}

/** @param {Featured} shown */
function featured({ tags, people }) {
  return [
    tags.length > 0 && el("div", { class: "tag-list" }, tags.map(({ name }) => el("a", { class: "chip", href: `/tags/${encodeURIComponent(name)}` }, el("bdi", null, `#${name}`)))),
    people.length > 0 && el("div", { class: "faces" }, el("span", { class: "soft small" }, t("profile.endorsed")), people.map((one) => el("a", { href: `/@${one.acct}`, title: plainName(one), "aria-label": plainName(one) }, avatar(one, { isLink: false, size: "little" })))),
  ];
}
