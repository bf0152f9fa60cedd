// The recovery phrase: shown to be written down, and asked for, before it is forgotten here.

import { get, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { keep, kept } from "../core/kept.js";
import { failed, reason, say } from "../core/say.js";
import { session } from "../core/session.js";
import { moment, number, t } from "../core/words.js";
import { sheet } from "./sheet.js";

/** Words that are asked for. */
const ASKED = 3;

/** `changed` when it is written down, or known to wait for that. What was known the last time holds until then. */
export const recovery = Object.assign(new EventTarget(), { isWaiting: kept("recovery.waiting") === true });
let isAsked = false;

/**
 * Notes what the node says.
 * @param {boolean} isWaiting
 */
export function noteRecovery(isWaiting) {
  isAsked = true;
  if (recovery.isWaiting === isWaiting) return;
  recovery.isWaiting = isWaiting;
  keep("recovery.waiting", isWaiting || null);
  recovery.dispatchEvent(new Event("changed"));
}

/** A quiet line that leads to it; empty where the phrase is written down. */
export function reminder() {
  const place = el("div", { class: "reminder-place" });
  const show = () =>
    put(
      place,
      recovery.isWaiting &&
        el(
          "aside",
          { class: "reminder" },
          icon("key"),
          el("p", { class: "grow" }, t("recovery.reminder")),
          el("button", { class: "button little", onclick: openRecovery }, t("recovery.now")),
        ),
    );
  recovery.addEventListener("changed", show);
  show();
  if (!isAsked) {
    isAsked = true;
    // It can wait for the next time.
    get("/api/majlis/v1/node").then(({ id }) => noteRecovery(id.phrase_unconfirmed), () => (isAsked = false));
  }
  return place;
}

/** The words, their check and the end of it, over the page. */
export async function openRecovery() {
  try {
    const { phrase } = await get("/api/majlis/v1/recovery");
    noteRecovery(phrase !== null);
    if (phrase === null) return say(t("recovery.already"));
    const opened = sheet(t("recovery.title"), phraseSteps(phrase, { ondone: () => opened.close() }), { class: "phrase-sheet" });
  } catch (error) {
    failed(error);
  }
}

/**
 * First the words, then the check.
 * @param {string} phrase
 * @param {{ondone: () => void, actions?: import("../core/dom.js").Child}} options `actions` stand beside the way on.
 * @returns {HTMLElement}
 */
export function phraseSteps(phrase, { ondone, actions }) {
  const words = phrase.split(/\s+/);
  const steps = el("div", { class: "stack" });
  const showWords = () => {
    const next = el("button", { class: "button main", onclick: showCheck }, t("recovery.written"));
    put(steps, el("p", null, t("recovery.why")), paper(words), el("div", { class: "step-actions" }, actions, next));
    return next;
  };
  const showCheck = () => {
    const check = phraseCheck(words, { ondone: confirm, onback: () => showWords().focus() });
    put(steps, check);
    check.querySelector("input")?.focus();
  };
  const confirm = async () => {
    await remove("/api/majlis/v1/recovery");
    noteRecovery(false);
    say(t("recovery.confirmed"));
    ondone();
  };
  showWords();
  return steps;
}

/**
 * What is to be on the paper. Printed, it is this alone.
 * @param {string[]} words
 */
function paper(words) {
  return el(
    "div",
    { class: "paper" },
    el("p", { class: "paper-of" }, t("recovery.of"), el("br"), el("span", { class: "key" }, session.me?.majlis.account ?? ""), el("br"), moment(new Date())),
    el("ol", { class: "phrase", translate: "no", lang: "en", dir: "ltr", "aria-label": t("recovery.words") }, words.map((word, index) => el("li", null, el("span", { class: "phrase-at", "aria-hidden": true }, index + 1), el("span", null, word)))),
    el("button", { class: "button little", onclick: () => print() }, icon("print"), t("recovery.print")),
  );
}

/**
 * @param {string[]} words
 * @param {{ondone: () => Promise<void>, onback: () => void}} options
 */
function phraseCheck(words, { ondone, onback }) {
  const places = chosen(words.length);
  const wrong = el("p", { class: "wrong-words", role: "alert" });
  const fields = places.map((place) => {
    const id = `word-${place}`;
    const box = el("input", { class: "input", id, dir: "ltr", lang: "en", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
    return { place, box, shown: el("div", { class: "field" }, el("label", { for: id }, t("recovery.word", { at: place + 1 })), box) };
  });
  const button = el("button", { class: "button main" }, t("recovery.check"));
  const check = async () => {
    const missed = fields.filter(({ place, box }) => {
      const isRight = box.value.trim().toLowerCase() === words[place];
      box.setAttribute("aria-invalid", String(!isRight));
      return !isRight;
    });
    put(wrong, missed.length > 0 && t("recovery.wrong", { n: missed.length, at: missed.map(({ place }) => number(place + 1)).join(" · ") }));
    if (missed.length > 0) return missed[0].box.select();
    button.disabled = true;
    try {
      await ondone();
    } catch (error) {
      put(wrong, reason(error));
    } finally {
      button.disabled = false;
    }
  };
  return el(
    "form",
    { class: "stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => (event.preventDefault(), void check()) },
    el("p", null, t("recovery.ask")),
    el("div", { class: "phrase-check" }, fields.map(({ shown }) => shown)),
    wrong,
    el("div", { class: "step-actions" }, el("button", { type: "button", class: "button", onclick: onback }, t("recovery.again")), button),
  );
}

/**
 * Some places, in order.
 * @param {number} length
 */
function chosen(length) {
  const places = Array.from({ length }, (_, place) => place);
  const random = crypto.getRandomValues(new Uint32Array(length));
  return places.sort((one, other) => random[one] - random[other]).slice(0, ASKED).sort((one, other) => one - other);
}
