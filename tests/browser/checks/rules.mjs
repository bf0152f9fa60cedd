// What the app's files keep to, so that what others write stays text, that it reads from either side, that nobody else
// is asked for anything, and that nothing is there for nothing.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { FILES, SCRIPTS, SHEETS, lineOf, read, strings, withoutComments } from "../lib/source.mjs";
import { APP, HERE } from "../lib/tools.mjs";

const MAX_LINES = 300;
/** Lists of what there is, to look things up in. */
const IS_LONG = /^words\/|^core\/types\.js$/;

/** Ways by which text becomes a program or a page. */
const NEVER = /\binnerHTML\b|\bouterHTML\b|\binsertAdjacentHTML\b|\bdocument\.write|\beval\s*\(|\bnew Function\b|\bDOMParser\b|\bcreateContextualFragment\b|\bsetHTML\w*\b|\bsrcdoc\b|["'`]javascript:|\bsetAttribute\(\s*["']style|[{,]\s*style:\s*["'`][^"'`\n]*:|createElement\(\s*["']style/g;
const ADDRESS = /https?:\/\/[^\s"'`)]+/g;
const NAMESPACES = ["http://www.w3.org/2000/svg"];
const PHYSICAL = /(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding|inset)-(?:left|right|top|bottom)[\w-]*|border-(?:top|bottom)-(?:left|right)-radius|left|right|top|bottom|(?:min-|max-)?(?:width|height))\s*:|(?<![\w-])(?:text-align|float|clear)\s*:\s*(?:left|right)/g;
const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(|(?<=[:\s,(])(?:white|black|red|green|blue|yellow|orange|purple|pink|gr[ae]y|silver|gold|brown|navy|teal|maroon|olive|lime|aqua|fuchsia)(?=[\s;,)!])/gi;

/** Where it is otherwise, and why. */
const ALLOWED = [
  { file: "style/people.css", text: "hsl(", why: "everyone has a colour of their own, made from their key" },
  { file: "parts/logo.js", text: "#", why: "the door looks the same by day and by night" },
  { file: "parts/qr.js", text: "#", why: "cameras read dark on light alone" },
  { file: "style/composer.css", text: "#fff", why: "it is seen on a picture of any colours" },
  { file: "style/composer.css", text: "rgb(", why: "it is seen on a picture of any colours" },
  { file: "style/house.css", text: "hsl(", why: "everyone has a colour of their own, made from their key" },
  { file: "style/house.css", text: "#000", why: "paper is printed in black" },
  { file: "style/house.css", text: "left:", why: "it lies in the middle of a circle" },
  { file: "style/house.css", text: "top:", why: "it lies in the middle of a circle" },
];

const unused = new Set(ALLOWED);
function isAllowed(file, text) {
  const found = ALLOWED.filter((one) => one.file === file && text.startsWith(one.text));
  found.forEach((one) => unused.delete(one));
  return found.length > 0;
}

/** Each place where a pattern is found that is not allowed there. */
function found(name, text, pattern, what) {
  return [...text.matchAll(pattern)]
    .filter(({ 0: match }) => !isAllowed(name, match.trim()))
    .map((match) => `${name}:${lineOf(text, match.index)}: ${what}: ${match[0].trim()}`);
}

export default function rules() {
  const texts = FILES.filter((name) => !/\.(png|woff2)$/.test(name));
  const faults = texts.flatMap((name) => [
    ...(read(name).split("\n").length > MAX_LINES && !IS_LONG.test(name) ? [`${name}: is longer than ${MAX_LINES} lines`] : []),
    ...found(name, read(name), ADDRESS, "an address of others").filter((fault) => !NAMESPACES.some((one) => fault.endsWith(one))),
  ]);
  faults.push(...SCRIPTS.flatMap(script), ...SHEETS.flatMap(sheet), ...page(), ...reached(), ...names(), ...properties(), ...exported(), ...lock());
  for (const { file, text } of unused) faults.push(`checks/rules.mjs: ${file} has no ${text} any more`);
  return [...new Set(faults)];
}

function script(name) {
  const text = withoutComments(read(name));
  const drawn = strings(text).join("\n");
  return [...found(name, text, NEVER, "never"), ...found(name, drawn, /#[0-9a-f]{6}\b|#[0-9a-f]{3}\b(?=$)|\brgba?\(|\bhsla?\(/gim, "a colour").map((fault) => fault.replace(/:\d+:/, ":"))];
}

const plain = (name) => read(name).replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));

function sheet(name) {
  const text = plain(name);
  // The first block of the first sheet is where colours are named.
  const others = name === "style/base.css" ? text.replace(/:root \{[\s\S]*?\n\}/, (block) => block.replace(/[^\n]/g, " ")) : text;
  // A mask has no colours: what is black in it is seen.
  const coloured = others.replace(/mask(?:-image)?:[^;}]*/g, (mask) => mask.replace(/[^\n]/g, " "));
  // What a query asks about is the window, which has no start and end.
  const declarations = text.replace(/@(?:media|container|supports)[^{]*/g, (query) => query.replace(/[^\n]/g, " "));
  return [
    ...found(name, declarations, PHYSICAL, "a side that does not turn"),
    ...found(name, coloured, COLOUR, "a colour that is not named in base.css"),
    ...found(name, text, /@import[^;]*|@font-face/g, "never"),
  ];
}

function page() {
  const text = read("index.html");
  return found("index.html", text, /<(?:script(?![^>]*\bsrc=)|style)[^>]*>(?!\n{{text )|\sstyle=|\son\w+=/g, "something inline that is no file");
}

/** No file is there that nothing leads to, and none is missing. */
function reached() {
  const faults = [];
  const seen = new Set();
  const see = (name, from) => {
    if (seen.has(name)) return;
    seen.add(name);
    if (!existsSync(join(APP, name))) {
      faults.push(`${from}: ${name} is not there`);
      return;
    }
    if (/\.(js|css|html|webmanifest)$/.test(name)) leads(name).forEach((to) => see(to, name));
  };
  // The last is for the compiler.
  ["index.html", "sw.js", "core/types.js"].forEach((name) => see(name, name));
  faults.push(...FILES.filter((name) => !seen.has(name) && name !== "icon-32.png").map((name) => `${name}: nothing leads to it`));
  return faults;
}

function leads(name) {
  const text = name.endsWith(".js") ? withoutComments(read(name)) : read(name);
  const beside = (path) => normalize(join(dirname(name), path));
  const imported = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(({ 1: path }) => beside(path));
  // A language is chosen when the page opens.
  const chosen = [...text.matchAll(/\bimport\(\s*`(\.[^`$]*)\$\{\w+\}([^`]*)`/g)].flatMap(({ 1: start, 2: end }) =>
    FILES.filter((file) => file.startsWith(beside(start)) && file.endsWith(end)),
  );
  const named = [...text.matchAll(/["'(]\/app\/(?:{{version}}\/)?([\w./-]+)["')]|{{text ([\w./-]+)}}/g)].map(({ 1: address, 2: within }) => address ?? within);
  const manifest = text.includes('"/manifest.webmanifest"') ? ["manifest.webmanifest"] : [];
  return [...imported, ...chosen, ...named, ...manifest];
}

/** Every class that has a look is given to something. */
function names() {
  const given = SCRIPTS.flatMap((name) => strings(withoutComments(read(name)))).concat(read("index.html")).join(" ");
  const parts = new Set(given.split(/[^\w-]+/));
  const begun = [...given.matchAll(/([\w-]+-)\$\{/g)].map((match) => match[1]);
  return SHEETS.flatMap((name) => {
    const selectors = plain(name).replace(/\{[^{}]*\}/g, " ").replace(/"[^"]*"/g, "");
    const classes = new Set([...selectors.matchAll(/\.([a-z][\w-]*)/gi)].map((match) => match[1]));
    return [...classes].filter((one) => !parts.has(one) && !begun.some((start) => one.startsWith(start))).map((one) => `${name}: nothing is .${one}`);
  });
}

/** Every value that is referred to is given, and the other way round. */
function properties() {
  const all = [...SHEETS.map(plain), ...SCRIPTS.map((name) => withoutComments(read(name)))].join("\n");
  const given = new Set([...all.matchAll(/(--[\w-]+)(?=["'`]?\s*[:,])/g)].map((match) => match[1]));
  const asked = new Set([...all.matchAll(/var\(\s*(--[\w-]+)/g)].map((match) => match[1]));
  return [
    ...[...asked].filter((name) => !given.has(name)).map((name) => `style: ${name} is given nowhere`),
    ...[...given].filter((name) => !asked.has(name)).map((name) => `style: ${name} is asked for nowhere`),
  ];
}

/** What a file offers is taken by another. */
function exported() {
  const texts = Object.fromEntries(SCRIPTS.map((name) => [name, read(name)]));
  return SCRIPTS.flatMap((name) => {
    const offered = [...withoutComments(texts[name]).matchAll(/^export (?:async )?(?:function\*?|const|let|class) (\w+)/gm)].map((match) => match[1]);
    return offered
      .filter((one) => !SCRIPTS.some((other) => other !== name && new RegExp(`\\b${one}\\b`).test(texts[other])))
      .map((one) => `${name}: nobody else takes ${one}`);
  });
}

/** Packages come from wherever the one who tests has them from. */
function lock() {
  return readFileSync(join(HERE, "package-lock.json"), "utf8").includes('"resolved"') ? ["package-lock.json: names a registry"] : [];
}
