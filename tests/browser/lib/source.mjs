// The files of the app, and what stands in them: enough of JavaScript to tell strings and comments from the rest.

import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { APP } from "./tools.mjs";

/** All files of the app, by their names within its folder. */
export const FILES = readdirSync(APP, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(APP, join(entry.parentPath ?? entry.path, entry.name)))
  .sort();

export const SCRIPTS = FILES.filter((name) => name.endsWith(".js"));
export const SHEETS = FILES.filter((name) => name.endsWith(".css"));

export function read(name) {
  return readFileSync(join(APP, name), "utf8");
}

const TOKEN = new RegExp(
  [
    /(?<comment>\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*)/,
    /(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/,
    /(?<template>`(?:[^`\\]|\\[\s\S])*`)/,
    /(?<pattern>(?<=(?:[(=,:!&|?[{;]|return|=>)\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/** A script without its comments; lines stay where they are. */
export function withoutComments(script) {
  return script.replace(TOKEN, (all, ...rest) => (rest.at(-1).comment ? all.replace(/[^\n]/g, " ") : all));
}

/** What stands in the quotes of a script, and in those within its templates. */
export function strings(script) {
  return [...script.matchAll(TOKEN)].flatMap(({ groups }) => {
    if (groups.string) return [groups.string.slice(1, -1)];
    if (!groups.template) return [];
    const within = [...groups.template.matchAll(/\$\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g)].flatMap((found) => strings(found[1]));
    return [groups.template.slice(1, -1), ...within];
  });
}

/** The line on which something stands. */
export function lineOf(text, index) {
  return text.slice(0, index).split("\n").length;
}
