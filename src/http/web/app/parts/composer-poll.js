// The answers of a poll, how many of them one may choose, and when it ends.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

const FEWEST = 2;
const [HOUR, DAY] = [3_600, 86_400];
/** In how many seconds it may end; 0: never. */
const ENDS = /** @type {[string, number, number][]} */ ([
  ["write.poll.hours", 1, HOUR],
  ["write.poll.hours", 6, 6 * HOUR],
  ["write.poll.days", 1, DAY],
  ["write.poll.days", 3, 3 * DAY],
  ["write.poll.days", 7, 7 * DAY],
  ["write.poll.days", 30, 30 * DAY],
]);

/** A poll to begin with. @returns {NonNullable<Writing["poll"]>} */
export function newPoll() {
  return { options: ["", ""], isMultiple: false, seconds: DAY };
}

/**
 * Whether someone has written something into it.
 * @param {NonNullable<Writing["poll"]>} poll
 */
export function hasAnswers({ options }) {
  return options.some((option) => option.trim() !== "");
}

/**
 * What is wrong with a poll; null where nothing is.
 * @param {NonNullable<Writing["poll"]>} poll
 */
export function pollWrong({ options }) {
  const given = options.map((option) => option.trim()).filter(Boolean);
  if (given.length < FEWEST) return t("write.poll.few");
  return new Set(given).size < given.length ? t("write.poll.twice") : null;
}

/**
 * @param {Writing} writing One with a poll.
 * @param {() => void} changed
 * @param {() => void} remove
 */
export function pollEditor(writing, changed, remove) {
  const poll = /** @type {NonNullable<Writing["poll"]>} */ (writing.poll);
  const { options: most, option: longest } = session.limits;
  const list = el("ol", { class: "poll-options" });
  const more = el("button", { type: "button", class: "button little", onclick: () => add(poll.options.length) }, icon("plus"), t("write.poll.add"));

  const show = () => {
    put(list, poll.options.map(row));
    more.hidden = poll.options.length >= most;
  };
  const inputs = () => list.querySelectorAll("input");
  const add = (/** @type {number} */ at) => {
    if (poll.options.length >= most) return;
    poll.options.splice(at, 0, "");
    show();
    inputs()[at]?.focus();
    changed();
  };
  const takeOut = (/** @type {number} */ at) => {
    poll.options.splice(at, 1);
    show();
    inputs()[Math.max(0, at - 1)]?.focus();
    changed();
  };
  const row = (/** @type {string} */ option, /** @type {number} */ at) => {
    const name = t("write.poll.option", { n: at + 1 });
    const input = el("input", {
      class: "input",
      dir: "auto",
      maxlength: longest,
      ".value": option,
      placeholder: name,
      "aria-label": name,
      oninput: () => ((poll.options[at] = input.value), changed()),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.isComposing || event.ctrlKey || event.metaKey) return;
        if (event.key === "Enter") {
          event.preventDefault();
          const next = inputs()[at + 1];
          if (next) next.focus();
          else if (input.value.trim()) add(at + 1);
        } else if (event.key === "Backspace" && input.value === "" && poll.options.length > FEWEST) {
          event.preventDefault();
          takeOut(at);
        }
      },
    });
    const out = poll.options.length > FEWEST && el("button", { type: "button", class: "icon-button", title: t("write.poll.remove"), "aria-label": t("write.poll.remove.one", { n: at + 1 }), onclick: () => takeOut(at) }, icon("close"));
    return el("li", null, input, out);
  };

  show();
  return el(
    "fieldset",
    { class: "poll-editor" },
    el("legend", { class: "unseen" }, t("write.poll.title")),
    list,
    el(
      "div",
      { class: "row" },
      more,
      el("button", { type: "button", class: "button little poll-away", onclick: remove }, t("write.poll.away")),
    ),
    el(
      "div",
      { class: "row" },
      el(
        "label",
        { class: "inline-field" },
        el("span", { class: "small" }, t("write.poll.ends")),
        el(
          "select",
          { class: "input", onchange: (/** @type {any} */ { target }) => ((poll.seconds = Number(target.value)), changed()) },
          ENDS.map(([key, n, seconds]) => el("option", { value: seconds, selected: seconds === poll.seconds }, t(key, { n }))),
          el("option", { value: 0, selected: poll.seconds === 0 }, t("write.poll.never")),
        ),
      ),
      el(
        "label",
        { class: "check" },
        el("input", { type: "checkbox", ".checked": poll.isMultiple, onchange: (/** @type {any} */ { target }) => ((poll.isMultiple = target.checked), changed()) }),
        el("span", null, t("write.poll.multiple")),
      ),
    ),
  );
}
