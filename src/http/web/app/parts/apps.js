// Apps and browsers that may act for the owner, each to be ended.

import { get, remove } from "../core/api.js";
import { el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { day, moment, t } from "../core/words.js";
import { asked } from "./asked.js";
import { leave } from "./leave.js";
import { ask } from "./sheet.js";

/** @typedef {import("../core/types.js").App} App */

/** Which words stand for what an app may do; the first that it may covers those that follow. @type {[string, (scope: string) => boolean][]} */
const MAY = [
  ["apps.may.owner", (scope) => scope === "owner"],
  ["apps.may.write", (scope) => scope === "write"],
  ["apps.may.writesome", (scope) => scope.startsWith("write:")],
  ["apps.may.read", (scope) => scope === "read"],
  ["apps.may.readsome", (scope) => scope.startsWith("read:") || scope === "profile"],
  ["apps.may.follow", (scope) => scope === "follow"],
];

/**
 * @param {string} scopes
 * @returns {string[]}
 */
function mayDo(scopes) {
  const given = scopes.split(" ");
  const found = MAY.filter(([, fits]) => given.some(fits)).map(([words]) => words);
  if (found.includes("apps.may.owner")) return ["apps.may.owner"];
  return found.filter((words) => !(words.endsWith("some") && found.includes(words.slice(0, -"some".length))) && !(words === "apps.may.follow" && found.includes("apps.may.write")));
}

/** @returns {HTMLElement} A list that fills itself. */
export function appList() {
  const draw = (/** @type {App[]} */ apps) => {
    apps.sort((one, other) => Number(other.current) - Number(one.current) || other.created_at.localeCompare(one.created_at));
    return el("ul", { class: "things" }, apps.map((app) => row(app, () => void list.fill())));
  };
  const list = asked(() => get("/api/majlis/v1/apps"), draw);
  return list.element;
}

/**
 * @param {App} app
 * @param {() => void} onended
 */
function row(app, onended) {
  const words = t(app.current ? "keys.out" : "apps.end");
  const end = async () => {
    if (app.current) return leave();
    if (!(await ask(t("apps.end.title", { name: app.name }), t("apps.end.words"), words))) return;
    await remove(`/api/majlis/v1/apps/${encodeURIComponent(app.id)}`);
    say(t("apps.ended", { name: app.name }));
    onended();
  };
  const isBrowser = app.scopes.split(" ").includes("owner");
  return el(
    "li",
    { class: "thing" },
    icon(isBrowser ? "globe" : "device"),
    el(
      "div",
      { class: "grow" },
      el("strong", null, el("bdi", null, app.name)),
      app.current && el("span", { class: "chip on" }, t("apps.this")),
      el("p", { class: "soft small" }, mayDo(app.scopes).map((words) => t(words)).join(" ")),
      el("p", { class: "soft small" }, el("time", { datetime: app.created_at, title: moment(app.created_at) }, t("apps.since", { when: day(app.created_at) }))),
    ),
    el("button", { class: "button little", "aria-label": `${words}: ${app.name}`, onclick: () => end().catch(failed) }, words),
  );
}
