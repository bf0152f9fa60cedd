// What the pages say, in the language of whoever reads. A language is one file in ../words; forms by number, dates and
// numbers come from the browser's Intl.

import { add } from "./dom.js";
import { keep, kept } from "./kept.js";

/** Languages that there are, each by its own name. */
export const LANGUAGES = { en: "English", ar: "العربية" };

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Phrase */
/** @typedef {Record<string, string | number | Node>} Values */

/** @type {Record<string, Phrase>} */
let phrases = {};
let plural = new Intl.PluralRules("en");
/** @type {Language} */
let language = "en";

/** @returns {Language} The language of the pages. */
export function lang() {
  return language;
}

/** @returns {Language} The one that was chosen here, else the first of the browser's that there is. */
function preferred() {
  const wanted = [kept("language"), ...navigator.languages].map((tag) => String(tag).split("-")[0]);
  return /** @type {Language} */ (wanted.find((tag) => tag in LANGUAGES) ?? "en");
}

/** Reads the words in, and turns the page to the side from which they are read. */
export async function readWords() {
  language = preferred();
  phrases = (await import(`../words/${language}.js`)).default;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
}

/**
 * Chooses a language for good. The page has to be opened anew.
 * @param {Language} chosen
 */
export function chooseLanguage(chosen) {
  keep("language", chosen);
}

/**
 * @param {string} key
 * @param {Values} values
 */
function phrase(key, values) {
  const found = phrases[key];
  if (found === undefined) throw new Error(`there are no words for ${key}`);
  if (typeof found === "string") return found;
  // None of something is often said in words of its own, also where the language has no form for it.
  const form = values.n === 0 && found.zero !== undefined ? "zero" : plural.select(Number(values.n ?? 0));
  return found[form] ?? found.other ?? "";
}

/**
 * The words for something. `{n}` in them is a number, by which their form is chosen where they have forms.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  return phrase(key, values).replace(/\{(\w+)\}/g, (_, name) => shown(values[name] ?? ""));
}

/**
 * The words for something with elements among them.
 * @param {string} key
 * @param {Values} values
 * @returns {DocumentFragment}
 */
export function tt(key, values) {
  const fragment = document.createDocumentFragment();
  for (const piece of phrase(key, values).split(/(\{\w+\})/)) {
    const name = piece.match(/^\{(\w+)\}$/)?.[1];
    const value = name === undefined ? piece : values[name];
    add(fragment, value instanceof Node ? value : shown(value ?? ""));
  }
  return fragment;
}

/** @param {string | number | Node} value */
function shown(value) {
  return typeof value === "number" ? number(value) : String(value);
}

/** @type {Map<string, any>} */
const formats = new Map();

/**
 * @template T
 * @param {string} name
 * @param {(language: Language) => T} make
 * @returns {T}
 */
function format(name, make) {
  const key = `${language} ${name}`;
  if (!formats.has(key)) formats.set(key, make(language));
  return formats.get(key);
}

/** @param {number} value */
export function number(value) {
  return format("number", (of) => new Intl.NumberFormat(of)).format(value);
}

/**
 * A number in little room: 12K.
 * @param {number} value
 */
export function brief(value) {
  return format("brief", (of) => new Intl.NumberFormat(of, { notation: "compact", maximumFractionDigits: 1 })).format(value);
}

/** @param {number} part From 0 to 1. */
export function percent(part) {
  return format("percent", (of) => new Intl.NumberFormat(of, { style: "percent", maximumFractionDigits: 0 })).format(part);
}

/** @param {number} count Bytes. */
export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let [size, unit] = [count, 0];
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000;
  const digits = size < 10 && unit > 0 ? 1 : 0;
  return format(`${units[unit]} ${digits}`, (of) =>
    new Intl.NumberFormat(of, { style: "unit", unit: units[unit], unitDisplay: unit ? "short" : "long", maximumFractionDigits: digits }),
  ).format(size);
}

const STEPS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
]);

/**
 * How long ago something was; a date where that is more than a week.
 * @param {string | Date} when
 */
export function ago(when) {
  let span = (new Date(when).getTime() - Date.now()) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(span) < size) {
      if (unit === "second") return t("time.now");
      return format("ago", (of) => new Intl.RelativeTimeFormat(of, { style: "narrow", numeric: "always" })).format(Math.trunc(span), unit);
    }
    span /= size;
  }
  return day(when);
}

/** @param {string | Date} when */
export function day(when) {
  const date = new Date(when);
  const isNow = date.getFullYear() === new Date().getFullYear();
  return format(`day ${isNow}`, (of) =>
    new Intl.DateTimeFormat(of, { day: "numeric", month: "short", year: isNow ? undefined : "numeric" }),
  ).format(date);
}

/** @param {string | Date} when */
export function moment(when) {
  return format("moment", (of) => new Intl.DateTimeFormat(of, { dateStyle: "long", timeStyle: "short" })).format(new Date(when));
}

/**
 * The name of a language, in that of the page; the tag itself where it has none.
 * @param {string} tag BCP 47
 */
export function languageName(tag) {
  try {
    return format("languages", (of) => new Intl.DisplayNames(of, { type: "language" })).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const digits = (/** @type {number} */ value) =>
    format("digits", (of) => new Intl.NumberFormat(of, { minimumIntegerDigits: 2 })).format(value);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${number(hours)}:${digits(minutes)}:${digits(rest)}` : `${number(minutes)}:${digits(rest)}`;
}
