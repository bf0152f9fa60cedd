// In which language a text is, as well as that can be told from its letters and its most frequent words. It runs here:
// what is being written goes nowhere.

/** Scripts in which one language is written, or nearly. @type {[string, RegExp][]} */
const SCRIPTS = [
  ["he", /\p{Script=Hebrew}/u],
  ["el", /\p{Script=Greek}/u],
  ["hy", /\p{Script=Armenian}/u],
  ["ka", /\p{Script=Georgian}/u],
  ["am", /\p{Script=Ethiopic}/u],
  ["ko", /\p{Script=Hangul}/u],
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ["zh", /\p{Script=Han}/u],
  ["th", /\p{Script=Thai}/u],
  ["hi", /\p{Script=Devanagari}/u],
  ["bn", /\p{Script=Bengali}/u],
  ["pa", /\p{Script=Gurmukhi}/u],
  ["gu", /\p{Script=Gujarati}/u],
  ["ta", /\p{Script=Tamil}/u],
  ["te", /\p{Script=Telugu}/u],
  ["kn", /\p{Script=Kannada}/u],
  ["ml", /\p{Script=Malayalam}/u],
  ["si", /\p{Script=Sinhala}/u],
  ["my", /\p{Script=Myanmar}/u],
  ["km", /\p{Script=Khmer}/u],
  ["lo", /\p{Script=Lao}/u],
  ["arabic", /\p{Script=Arabic}/u],
  ["cyrillic", /\p{Script=Cyrillic}/u],
  ["latin", /\p{Script=Latin}/u],
];

/** Letters that only some languages of a script have; the first that are found decide. @type {Record<string, [string, RegExp][]>} */
const LETTERS = {
  arabic: [["ckb", /[ڕڵێۆ]/u], ["ur", /[ٹڈڑےں]/u], ["ug", /[ۇۈې]/u], ["fa", /[پچژگ]|[یک]/u], ["ar", /./u]],
  cyrillic: [["be", /ў/iu], ["uk", /[ґєї]/iu], ["mk", /[ѓќѕ]/iu], ["sr", /[ђћџљњј]/iu], ["kk", /[қңғұүөә]/iu], ["ru", /[ыэё]/iu], ["bg", /ъ/iu], ["ru", /./u]],
};

/** Words that are frequent in a language, and seldom in its neighbours. @type {Record<string, string>} */
const WORDS = {
  en: "the and of to is in that it was for you with on this are be have not my we what but they at from so just an i'm it's don't",
  fr: "le la les des et est une dans que qui pas pour vous je il sur avec ce nous du au mais c'est j'ai ça elle sont plus",
  es: "el los las y es una en que por para no con del lo se yo mi pero como más está muy hay qué al su son",
  pt: "o os as e é uma em que não para com do da no na mas você eu meu muito está são por mais isso um ao",
  it: "il lo gli e è una di che non per con del della sono mi ma come più questo ho hai nel anche io si alla",
  de: "der die das und ist ein eine nicht ich du wir mit zu den auf für es auch von sie im dem aber wie nur noch",
  nl: "de het een en is niet ik je van dat op te met voor zijn er maar ook we aan heb naar nog wel geen",
  sv: "och att det är en jag inte på som för med har du av till den ett men så vi om kan här",
  pl: "i w na nie to się jest że z do jak ale co tak mam już czy dla od tylko przez po był",
  cs: "a je se na to že v s jsem ale jak už tak si jsou pro by není má co nebo",
  ro: "și este nu în un o cu pe la de că mai din pentru sunt am dar ce să lui",
  tr: "bir ve bu da de için çok ne ben mi değil var ama daha gibi o kadar olarak sonra şey nasıl",
  id: "yang dan di ini itu untuk dengan tidak dari saya ada akan kita bisa sudah ke aku juga kamu apa",
  sw: "na ya wa ni kwa katika hii hiyo sana si yangu wangu kuwa za la cha kama lakini leo",
  vi: "là và của không có một được tôi cho này với những các để trong người đã rất",
  so: "waa iyo ka ku in oo uu ay waxaa la aan soo ah si ma",
  ku: "û di de ji ku bi ez ew li dibe me min tu na re bo",
};

const FREQUENT = new Map(Object.entries(WORDS).map(([tag, words]) => [tag, new Set(words.split(" "))]));

/** Characters that are looked at, and letters below which nothing is said. */
const LOOKED_AT = 2_000;
const ENOUGH = 6;

/**
 * @param {string} text
 * @returns {string | null} A BCP 47 tag, or null where it cannot be told.
 */
export function guessLanguage(text) {
  const words = text.slice(0, LOOKED_AT).replace(/https?:\S+|[@#]\S+/g, " ");
  const letters = words.match(/\p{L}/gu) ?? [];
  if (letters.length < ENOUGH) return null;
  const script = mainScript(letters);
  if (script === "latin") return byWords(words);
  return script && script in LETTERS ? byLetters(words, LETTERS[script]) : script;
}

/** @param {string[]} letters */
function mainScript(letters) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const letter of letters) {
    const name = SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0];
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  // Japanese is written with Chinese letters among its own.
  if (counts.has("ja")) counts.set("ja", (counts.get("ja") ?? 0) + (counts.get("zh") ?? 0));
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? null;
}

/**
 * @param {string} words
 * @param {[string, RegExp][]} signs
 */
function byLetters(words, signs) {
  return signs.find(([, pattern]) => pattern.test(words))?.[0] ?? null;
}

/** @param {string} text */
function byWords(text) {
  const words = text.toLowerCase().replace(/’/g, "'").match(/[\p{L}']+/gu) ?? [];
  const scores = [...FREQUENT].map(([tag, frequent]) => ({ tag, score: words.filter((word) => frequent.has(word)).length }));
  const [best, second] = scores.sort((one, other) => other.score - one.score);
  return best.score >= 2 && best.score > second.score ? best.tag : null;
}
