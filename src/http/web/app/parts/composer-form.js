// Where one writes: who writes, the text, what is added to it, and the tools. The same over a page and on one of its own.

import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed } from "../core/say.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { attachments, waysIn } from "./attachments.js";
import { avatar } from "./avatar.js";
import { completion } from "./completion.js";
import { sources } from "./completion-sources.js";
import { about } from "./composer-about.js";
import { counter } from "./composer-count.js";
import { keepAsDraft } from "./composer-draft.js";
import { keeper } from "./composer-keep.js";
import { languageChoice } from "./composer-language.js";
import { hasMore, moreOptions } from "./composer-more.js";
import { addressees } from "./composer-people.js";
import { newPoll, pollEditor } from "./composer-poll.js";
import { sender } from "./composer-send.js";
import { isUntouched } from "./composer-state.js";
import { insert, textField } from "./composer-text.js";
import { visibilityChoice } from "./composer-visibility.js";
import { textOf } from "./outbox-form.js";

/** @typedef {import("./composer-begin.js").Begun} Begun */

/**
 * @param {Begun} begun
 * @param {{onsent: () => void, anew: () => void}} actions What follows when it was sent or put aside, and when it is to be begun anew.
 */
export function composer({ writing, release, isFound }, { onsent, anew }) {
  const keeping = keeper(writing, failed);
  const count = counter();
  const named = addressees();
  const language = languageChoice(writing, () => changed());
  const files = attachments(writing, () => changed());
  const changed = () => {
    keeping.changed();
    follow();
  };
  const follow = () => {
    const text = textOf(writing);
    count.show(text);
    named.show(writing.text, writing.people);
    language.guess(writing.text);
    sending.follow();
  };

  const field = textField({ value: writing.text, placeholder: placeholder(writing), onchange: (text) => ((writing.text = text), changed()), onsend: () => sending.send() });
  const end = () => {
    keeping.end();
    files.stop();
    release();
  };
  const sending = sender({ writing, files, language, field, keep: keeping.keep, onsent: () => (end(), onsent()) });

  const warning = el("input", { class: "input", dir: "auto", maxlength: 500, ".value": writing.warning ?? "", placeholder: t("write.warning.words"), "aria-label": t("write.warning"), oninput: () => ((writing.warning = warning.value), changed()) });
  const poll = el("div");
  const showPoll = () => void put(poll, writing.poll && pollEditor(writing, changed, () => setPoll(false)));
  const setWarning = (/** @type {boolean} */ isOn) => {
    writing.warning = isOn ? warning.value : null;
    warning.hidden = !isOn;
    toggles.warning.setAttribute("aria-pressed", String(isOn));
  };
  const setPoll = (/** @type {boolean} */ isOn) => {
    writing.poll = isOn ? newPoll() : null;
    showPoll();
    toggles.poll.setAttribute("aria-pressed", String(isOn));
    changed();
    (isOn ? poll.querySelector("input") : field)?.focus();
  };

  const tool = (/** @type {string} */ words, /** @type {string} */ picture, /** @type {(button: HTMLButtonElement) => void} */ action) => {
    const button = el("button", { type: "button", class: "icon-button", title: words, "aria-label": words, onclick: () => action(button) }, icon(picture));
    return button;
  };
  const toggles = {
    poll: tool(t("write.poll.title"), "poll", () => setPoll(!writing.poll)),
    warning: tool(t("write.warning"), "warning", () => {
      setWarning(writing.warning === null);
      changed();
      (writing.warning === null ? field : warning).focus();
    }),
  };
  const draft = async () => {
    await keepAsDraft(writing, language.current());
    end();
    onsent();
  };
  const more = el("div", { hidden: true, id: `more-${writing.id}` });
  const openMore = tool(t("write.more"), "more", () => setMore(more.hasAttribute("hidden")));
  const setMore = (/** @type {boolean} */ isOpen) => {
    if (isOpen && !more.hasChildNodes()) put(more, moreOptions(writing, changed, () => void draft().catch(failed)));
    more.hidden = !isOpen;
    openMore.setAttribute("aria-expanded", String(isOpen));
  };
  openMore.setAttribute("aria-controls", more.id);
  const smile = tool(t("emoji.title"), "smile", async (button) => {
    const { openEmoji } = await import("./emoji.js");
    openEmoji(button, (character) => insert(field, character));
  });

  const isEdit = writing.edit !== null;
  const element = el("div", { class: "writing" });
  put(
    element,
    isFound && !isUntouched(writing) && back(anew),
    writing.replyTo && about(writing.replyTo, "reply"),
    el(
      "div",
      { class: "writing-main" },
      session.me && avatar(session.me, { isLink: false }),
      el("div", { class: "writing-body" }, warning, field, completion(field, sources(writing.people)), named.element, files.element, poll, writing.quote && about(writing.quote, "quote")),
    ),
    more,
    el(
      "footer",
      { class: "writing-foot" },
      el("div", { class: "writing-about" }, !isEdit && visibilityChoice(writing, changed), language.element),
      el("div", { class: "writing-tools", role: "group", "aria-label": t("write.tools") }, waysIn(element, (given) => void files.take(given).catch(failed)), !isEdit && toggles.poll, toggles.warning, smile, !isEdit && openMore),
      el("div", { class: "writing-send" }, count.element, sending.button),
    ),
    sending.notice,
  );
  setWarning(writing.warning !== null);
  toggles.poll.setAttribute("aria-pressed", String(writing.poll !== null));
  showPoll();
  if (hasMore(writing)) setMore(true);
  follow();

  return {
    element,
    writing,
    /** One goes on where the text ends. */
    focus() {
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    },
    /** Leaves it; what was written stays. @returns {Promise<boolean>} Whether there is something. */
    async leave() {
      await keeping.keep();
      end();
      return !isUntouched(writing);
    },
  };
}

/** @param {import("./composer-state.js").Writing} writing */
function placeholder({ replyTo, quote }) {
  return t(replyTo ? "write.here.reply" : quote ? "write.here.quote" : "write.here");
}

/** @param {() => void} anew */
function back(anew) {
  return el("p", { class: "writing-back small soft" }, el("span", null, t("write.back")), el("button", { type: "button", class: "link", onclick: anew }, t("write.anew")));
}
