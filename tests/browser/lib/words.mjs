// The words of the pages, by which the tests find what is on them: as a person does, and not by the names of classes.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { APP } from "./tools.mjs";

const FOLDER = join(APP, "words");

/** The languages that there are. */
export const LANGUAGES = readdirSync(FOLDER).map((file) => file.replace(/\.js$/, ""));

/** All phrases of a language. */
export async function phrasesOf(language) {
  const source = readFileSync(join(FOLDER, `${language}.js`), "utf8");
  return (await import(`data:text/javascript,${encodeURIComponent(source)}`)).default;
}

const phrases = Object.fromEntries(await Promise.all(LANGUAGES.map(async (language) => [language, await phrasesOf(language)])));

/**
 * What a page in a language says for a key.
 * @returns {(key: string, values?: Record<string, any>) => string}
 */
export function words(language) {
  const number = new Intl.NumberFormat(language);
  const plural = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const found = phrases[language][key];
    if (found === undefined) throw new Error(`there are no words for ${key} in ${language}`);
    const name = values.n === 0 && found.zero !== undefined ? "zero" : plural.select(Number(values.n ?? 0));
    const form = typeof found === "string" ? found : (found[name] ?? found.other);
    return form.replace(/\{(\w+)\}/g, (all, name) => (typeof values[name] === "number" ? number.format(values[name]) : (values[name] ?? all)));
  };
}

export function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** Fits any of the forms of a key, with whatever values. */
export function anyOf(language, key) {
  const found = phrases[language][key];
  if (found === undefined) throw new Error(`there are no words for ${key} in ${language}`);
  const forms = typeof found === "string" ? [found] : Object.values(found).filter(Boolean);
  const pattern = (form) => form.split(/\{\w+\}/).map(escaped).join(".*");
  return new RegExp(forms.map(pattern).join("|"));
}
