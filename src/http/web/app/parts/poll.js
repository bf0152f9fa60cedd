// A poll: choices as long as one has not voted and it is open, else what was voted.

import { post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { percent, t, tt } from "../core/words.js";
import { changed } from "./shown.js";
import { timeOf } from "./time.js";

/** @typedef {import("../core/types.js").Status} Status */
/** @typedef {import("../core/types.js").Poll} Poll */

let count = 0;

/**
 * @param {Status} status
 * @returns {{element: HTMLElement, draw: () => void} | null}
 */
export function poll(status) {
  if (!status.poll) return null;
  const element = el("div", { class: "post-poll" });
  let [isPeeking, drawn] = [false, ""];
  const peek = () => {
    isPeeking = !isPeeking;
    show();
    /** @type {HTMLElement | null} */ (element.querySelector(".poll-peek"))?.focus();
  };
  const show = () => {
    const said = /** @type {Poll} */ (status.poll);
    const isOver = said.voted || said.expired;
    drawn = JSON.stringify(said);
    const turn =
      !isOver && el("button", { type: "button", class: "link small poll-peek", onclick: peek }, t(isPeeking ? "poll.back" : "poll.peek"));
    put(
      element,
      isOver || isPeeking ? [results(said), turn && el("div", { class: "poll-ways" }, turn)] : choices(status, said, turn),
      foot(said),
    );
  };
  const draw = () => JSON.stringify(status.poll) !== drawn && show();
  show();
  return { element, draw };
}

/**
 * @param {Status} status
 * @param {Poll} said
 * @param {import("../core/dom.js").Child} peek
 */
function choices(status, said, peek) {
  const name = `poll-${(count += 1)}`;
  const button = el("button", { class: "button little", disabled: true }, t("poll.vote"));
  const form = el(
    "form",
    { class: "poll-choices" },
    said.options.map(({ title }, index) =>
      el(
        "label",
        { class: "choice" },
        el("input", { type: said.multiple ? "checkbox" : "radio", name, value: index }),
        el("span", { dir: "auto" }, title),
      ),
    ),
    el("div", { class: "poll-ways" }, button, peek),
  );
  const chosen = () => new FormData(form).getAll(name).map(Number);
  form.addEventListener("change", () => (button.disabled = chosen().length === 0));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void vote(status, chosen());
  });
  return form;
}

/**
 * @param {Status} status
 * @param {number[]} own
 */
async function vote(status, own) {
  const before = /** @type {Poll} */ (status.poll);
  const options = before.options.map((option, index) => ({ ...option, votes_count: option.votes_count + (own.includes(index) ? 1 : 0) }));
  const article = document.activeElement?.closest("article");
  changed(status.id, {
    poll: {
      ...before,
      options,
      voted: true,
      own_votes: own,
      votes_count: before.votes_count + own.length,
      voters_count: before.voters_count + 1,
    },
  });
  article?.focus({ preventScroll: true });
  try {
    changed(status.id, { poll: await post(`/api/v1/polls/${before.id}/votes`, { choices: own }) });
    say(t("poll.voted"));
  } catch (error) {
    changed(status.id, { poll: before });
    failed(error);
  }
}

/** @param {Poll} said */
function results(said) {
  const all = Math.max(said.multiple ? said.voters_count : said.votes_count, 1);
  const most = Math.max(...said.options.map(({ votes_count: votes }) => votes));
  return el(
    "ul",
    { class: "poll-results" },
    said.options.map(({ title, votes_count: votes }, index) => {
      const isOwn = said.own_votes.includes(index);
      const bar = el("span", { class: "poll-bar", "aria-hidden": true });
      bar.style.inlineSize = `${(100 * votes) / all}%`;
      return el(
        "li",
        { class: votes > 0 && votes === most ? "most" : null },
        bar,
        el("span", { class: "grow", dir: "auto" }, title),
        isOwn && icon("check", t("poll.own")),
        el("span", { class: "poll-part" }, percent(votes / all)),
      );
    }),
  );
}

/** @param {Poll} said */
function foot(said) {
  const voters = said.voters_count > 0 ? t("poll.voters", { n: said.voters_count }) : t("poll.nobody");
  const ends = said.expires_at && tt(said.expired ? "poll.ended" : "poll.ends", { when: timeOf(said.expires_at) });
  const end = said.expired && !said.expires_at ? t("poll.over") : ends;
  return el(
    "p",
    { class: "soft small" },
    voters,
    end && [" · ", end],
    said.multiple && !said.voted && !said.expired && ` · ${t("poll.several")}`,
  );
}
