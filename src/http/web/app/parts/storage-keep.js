// How much of what others said is kept: what keeping less would free, before it is done.

import { get, post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { failed, reason, say } from "../core/say.js";
import { bytes, t, tt } from "../core/words.js";
import { ask } from "./sheet.js";
import { nameIn } from "./storage-rooms.js";

/** @typedef {import("../core/types.js").Storage} Storage */

/** Days that one can choose to keep; 0: all. */
const DAYS = [0, 1825, 1095, 730, 365, 180, 90, 30, 7];
/** Milliseconds for which the slider has to rest before the node is asked. */
const REST = 200;
/** Accounts that are named among those of whom something would go. */
const NAMED = 3;

/** @param {number} days */
function kept(days) {
  if (days === 0) return t("keep.all");
  return days < 365 ? t("keep.days", { n: days }) : t("keep.years", { n: days / 365 });
}

/** @param {number} days */
function would(days) {
  return get("/api/majlis/v1/storage", { days });
}

/**
 * @param {() => void} onpruned
 * @returns {HTMLElement}
 */
export function keepLess(onpruned) {
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const shown = el("div", { class: "keep-would", role: "status" });
  const value = el("output", { class: "keep-value", for: "keep" }, kept(0));
  const slider = el("input", { type: "range", id: "keep", min: 0, max: DAYS.length - 1, step: 1, value: 0, "aria-valuetext": kept(0) });
  const days = () => DAYS[Number(slider.value)];
  const look = async () => {
    const mine = ++turn;
    try {
      /** @type {Storage} */
      const storage = await would(days());
      if (mine === turn) show(storage);
    } catch (error) {
      if (mine === turn) put(shown, el("p", { class: "wrong-words" }, reason(error)));
    }
  };
  const show = (/** @type {Storage} */ { accounts, total }) => {
    const { entries, bytes: size } = total.would_free;
    if (days() === 0) return void put(shown, el("p", { class: "soft" }, t("keep.nothing")));
    if (entries === 0) return void put(shown, el("p", { class: "soft" }, t("keep.none", { kept: kept(days()) })));
    const losing = accounts.filter((of) => of.would_free.entries > 0).sort((one, other) => other.would_free.entries - one.would_free.entries);
    const names = el("span", null, losing.slice(0, NAMED).flatMap((of, index) => [index > 0 && t("list.comma"), el("bdi", null, nameIn(of))]));
    put(
      shown,
      el("p", null, t("keep.would", { n: entries, size: bytes(size) })),
      el("p", { class: "soft small" }, tt("keep.whose", { names }), losing.length > NAMED && ` ${t("keep.more", { n: losing.length - NAMED })}`),
      el("button", { class: "button wrong", onclick: () => prune(entries).catch(failed) }, t("keep.do")),
    );
  };
  const prune = async (/** @type {number} */ entries) => {
    if (!(await ask(t("keep.sure"), t("keep.sure.words", { n: entries, kept: kept(days()) }), t("keep.do")))) return;
    const gone = await post("/api/majlis/v1/storage/prune", { days: days() });
    say(t("keep.done", { n: gone.entries, size: bytes(gone.bytes) }));
    onpruned();
    void look();
  };
  slider.addEventListener("input", () => {
    put(value, kept(days()));
    slider.setAttribute("aria-valuetext", kept(days()));
    clearTimeout(timer);
    timer = setTimeout(look, REST);
  });
  put(shown, el("p", { class: "soft" }, t("keep.nothing")));
  return el(
    "div",
    { class: "stack keep" },
    el("p", null, t("keep.words")),
    el("div", { class: "field" }, el("label", { for: "keep" }, t("keep.label")), value, slider),
    shown,
  );
}

/**
 * What is set to be done by itself.
 * @param {Storage["total"]["keep"]} keep
 */
export function keptNow(keep) {
  const bounds = [
    keep.days ? t("keep.now.days", { n: keep.days }) : null,
    keep.posts ? t("keep.now.posts", { n: keep.posts }) : null,
    keep.bytes_of_all ? t("keep.now.bytes", { size: bytes(keep.bytes_of_all) }) : null,
    keep.media ? t("keep.now.media", { size: bytes(keep.media) }) : null,
  ].filter(Boolean);
  return el("div", { class: "soft small" }, el("p", null, t("keep.now")), bounds.length ? el("ul", { class: "dots-list" }, bounds.map((words) => el("li", null, words))) : el("p", null, t("keep.now.none")), el("p", null, t("keep.config"), " ", el("code", { class: "key unbroken" }, "keep_days = 365")));
}
