// Every word that the pages say is there in every language, with the forms that the language has, and none is there for
// nobody.

import { SCRIPTS, lineOf, read, strings, withoutComments } from "../lib/source.mjs";
import { LANGUAGES, phrasesOf } from "../lib/words.mjs";

const VISIBILITY = ["public", "unlisted"];
const PEOPLE = ["following", "followers"];
const STANCES = ["training", "ai", "silent", "open"];
const REACH = ["household", "machine", "nowhere", "world"];
const STEPS = ["who", "phrase", "usage", "invite", "follow"];
const CONTEXTS = ["home", "notifications", "public", "thread", "account"];
const ANSWERS = ["key", "invite", "read", "delete", "lost", "ai", "off"];
const EXAMPLES = ["words", "exact", "without", "tag", "from", "link"];

/** Keys that are put together: how, and of what. */
const PUT_TOGETHER = {
  "emoji.{}": ["recent", "smileys", "people", "animals", "food", "travel", "activities", "objects", "symbols", "flags"],
  "filters.{}": ["warn", "hide", "warns", "hides"],
  "filters.{}.words": ["warn", "hide"],
  "filters.in.{}": CONTEXTS,
  "help.{}": ANSWERS,
  "help.{}.words": ANSWERS,
  "holders.host.{}": ["asked", "ended", "full", "held", "refused", "withdrawing"],
  "network.{}": ["following", "accounts", "entries"],
  "notices.{}": ["mention", "reply", "reaction", "repost", "quote", "follow", "request"],
  "notices.view.{}": ["all", "mentions", "likes", "shares", "follows", "polls"],
  "peers.{}": ["in", "out"],
  "peers.from.{}": REACH,
  "people.{}.none": [...PEOPLE, "known"],
  "people.{}.none.words": [...PEOPLE, "known"],
  "post.{}": [...VISIBILITY, "reblogged_by", "favourited_by"],
  "profile.{}": PEOPLE,
  "profile.{}.hint": PEOPLE,
  "profile.{}.none": PEOPLE,
  "profile.{}.of": PEOPLE,
  "profile.view.{}": ["posts", "replies", "media"],
  "reach.{}": [...REACH, "carried", "directly"],
  "reach.{}.words": [...REACH, "carried", "directly"],
  "search.help.{}": EXAMPLES,
  "search.help.{}.words": EXAMPLES,
  "search.view.{}": ["all", "people", "tags", "posts"],
  "settings.{}": ["mute", "block"],
  "settings.{}.{}": ["mute.end", "mute.again", "block.end", "block.again"],
  "settings.{}.none": ["mute", "block"],
  "settings.theme.{}": ["system", "light", "dark"],
  "source.{}": [
    "algorithmicMedia", "algorithmicallyEnhanced", "composite", "compositeCapture", "compositeSynthetic", "compositeWithTrainedAlgorithmicMedia", "computationalCapture",
    "dataDrivenMedia", "digitalCapture", "digitalCreation", "humanEdits", "negativeFilm", "positiveFilm", "print", "screenCapture", "trainedAlgorithmicMedia", "virtualRecording",
  ],
  "storage.part.{}": ["own", "others", "itself"],
  "usage.{}": STANCES,
  "usage.{}.words": STANCES,
  "usage.said.{}": STANCES,
  "visibility.{}": VISIBILITY,
  "visibility.{}.words": VISIBILITY,
  "welcome.{}": STEPS,
  "write.about.{}": ["reply", "quote"],
};
/** What stands between others, or beside them, and needs not be words. */
const MAY_BE_BARE = ["list.comma", "peers.from.nowhere"];
/** What only looks like words: by these names the browser keeps something. */
const NO_WORDS = ["welcome.unsaved"];
/** What is the same in every language. */
const SAME = ["search.help.link"];

/** The keys that a template makes. */
function keysOf(template) {
  return PUT_TOGETHER[template]?.map((given) => (given.includes(".") ? given.split(".") : [given]).reduce((key, piece) => key.replace("{}", piece), template)) ?? [];
}

const LOOKS_LIKE_A_KEY = /^[a-z]+(\.[a-z0-9_-]+)+$/i;

export default async function check() {
  const all = Object.fromEntries(await Promise.all(LANGUAGES.map(async (language) => [language, await phrasesOf(language)])));
  return [...LANGUAGES.flatMap((language) => [...forms(language, all[language]), ...besides(language, all)]), ...uses(all.en)];
}

/** The forms of a phrase by number, or the one that it has. */
const formsOf = (phrase) => (typeof phrase === "string" ? { other: phrase } : phrase);
const placeholders = (form) => new Set(form.match(/\{\w+\}/g) ?? []);
const union = (phrase) => [...new Set(Object.values(formsOf(phrase)).flatMap((form) => [...placeholders(form)]))].sort().join(" ");

function forms(language, phrases) {
  const faults = [];
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
  for (const [key, phrase] of Object.entries(phrases)) {
    const wrong = (what) => faults.push(`words/${language}.js: ${key} ${what}`);
    for (const [name, form] of Object.entries(formsOf(phrase))) {
      // Where there is none of something there may be nothing to say.
      const mayBeEmpty = MAY_BE_BARE.includes(key) || name === "zero";
      if (typeof form !== "string" || (form.trim() !== form && !mayBeEmpty) || (!form && !mayBeEmpty)) wrong("is empty, or has space around it");
      if (/[{}]/.test(form.replace(/\{\w+\}/g, ""))) wrong("has a brace that belongs to nothing");
    }
    if (typeof phrase === "string") continue;
    // None of something may be said in words of its own in any language.
    const [has, wants] = [Object.keys(phrase), pluralCategories].map((names) => names.filter((name) => name !== "zero" || pluralCategories.includes(name)).sort().join(" "));
    if (has !== wants) wrong(`has the forms ${has}, and the language has ${wants}`);
    // Few numbers have a word of their own; where others stand for all else, no value may be left out.
    for (const name of ["few", "many", "other"].filter((one) => one in phrase)) {
      if (!union(phrase).split(" ").every((value) => phrase[name].includes(value))) wrong(`lacks a value in its form ${name}`);
    }
  }
  return faults;
}

/** A language beside English. */
function besides(language, all) {
  if (language === "en") return [];
  const [own, english] = [all[language], all.en];
  const faults = [];
  for (const key of new Set([...Object.keys(own), ...Object.keys(english)])) {
    const wrong = (what) => faults.push(`words/${language}.js: ${key} ${what}`);
    if (!(key in own)) wrong("is missing");
    else if (!(key in english)) wrong("is not there in English");
    else if (union(own[key]) !== union(english[key])) wrong(`has the values ${union(own[key])}, in English ${union(english[key])}`);
    else if (!SAME.includes(key) && JSON.stringify(own[key]) === JSON.stringify(english[key]) && /\p{L}{2}/u.test(JSON.stringify(own[key]).replace(/\{\w+\}/g, ""))) wrong("is English");
  }
  return faults;
}

function uses(phrases) {
  const faults = [];
  const used = new Set();
  const areas = new Set(Object.keys(phrases).map((key) => key.split(".")[0]));
  const begun = new Set();
  for (const name of SCRIPTS.filter((name) => !name.startsWith("words/"))) {
    const script = withoutComments(read(name));
    for (const text of strings(script)) {
      used.add(text);
      if (LOOKS_LIKE_A_KEY.test(text) && areas.has(text.split(".")[0]) && !(text in phrases) && !NO_WORDS.includes(text)) faults.push(`${name}: there are no words for ${text}`);
    }
    for (const { 1: text, index } of script.matchAll(/\btt?\(\s*"([^"]*)"/g)) {
      if (!(text in phrases)) faults.push(`${name}:${lineOf(script, index)}: there are no words for ${text}`);
    }
    for (const { 1: made, index } of script.matchAll(/`(\w+\.[^`]*\$\{[^`]*)`/g)) {
      const template = made.replace(/\$\{[^}]*\}/g, "{}");
      if (!areas.has(template.split(".")[0])) continue;
      begun.add(template);
      if (!(template in PUT_TOGETHER)) faults.push(`${name}:${lineOf(script, index)}: ${template} is put together and not declared`);
    }
  }
  for (const template of Object.keys(PUT_TOGETHER)) {
    if (!begun.has(template)) faults.push(`${template} is not put together any more`);
    for (const key of keysOf(template)) if (!(key in phrases)) faults.push(`there are no words for ${key}`);
  }
  const made = new Set(Object.keys(PUT_TOGETHER).flatMap(keysOf));
  for (const key of Object.keys(phrases)) if (!used.has(key) && !made.has(key)) faults.push(`words/en.js: nothing says ${key}`);
  return [...new Set(faults)];
}
