// Where one writes: who writes, the text, what is added to it, and the tools. The same over a page and on one of its own.

import { el, put } from "../core/dom.js";
import { failed } from "../core/say.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { attachments } from "./attachments.js";
import { waysIn } from "./attachments-ways.js";
import { avatar } from "./avatar.js";
import { completion } from "./completion.js";
import { sources } from "./completion-sources.js";
import { about } from "./composer-about.js";
import { counter } from "./composer-count.js";
import { keepAsDraft } from "./composer-draft.js";
import { keeper } from "./composer-keep.js";
import { languageChoice } from "./composer-language.js";
import { addressees } from "./composer-people.js";
import { sender } from "./composer-send.js";
import { isUntouched } from "./composer-state.js";
import { textField } from "./composer-text.js";
import { coverTool, emojiTool, moreTool, pollTool } from "./composer-tools.js";
import { visibilityChoice } from "./composer-visibility.js";
import { textOf } from "./outbox-form.js";

/** @typedef {import("./composer-begin.js").Begun} Begun */

/**
 * @param {Begun} begun
 * @param {{onsent: () => void, anew: () => void}} actions What follows when it was sent or put aside, and when it is to be begun anew.
 */
export function composer({ writing, release, isFound }, { onsent, anew }) {
  const isEdit = writing.edit !== null;
  const keeping = keeper(writing, failed);
  const count = counter();
  const named = addressees();
  const changed = () => {
    keeping.changed();
    follow();
  };
  const follow = () => {
    named.show(writing.text, writing.people);
    language.guess(writing.text);
    sending.follow(count.show(textOf(writing)));
  };
  const end = () => {
    keeping.end();
    files.stop();
    ways.stop();
    release();
  };
  const sent = () => (end(), onsent());

  const field = textField({ value: writing.text, placeholder: placeholder(writing), onchange: (text) => ((writing.text = text), changed()) });
  const language = languageChoice(writing, changed);
  const files = attachments(writing, changed);
  const sending = sender({ writing, files, language, field, keep: keeping.keep, onsent: sent });
  const cover = coverTool(writing, changed, field);
  const poll = pollTool(writing, changed, field);
  const more = moreTool(writing, changed, () => keepAsDraft(writing, language.current()).then(sent));

  const element = el("div", { class: "writing", onkeydown: (/** @type {KeyboardEvent} */ event) => isSend(event) && (event.preventDefault(), sending.send()) });
  const ways = waysIn(element, (given) => void files.take(given).catch(failed));
  put(
    element,
    isFound && !isUntouched(writing) && back(anew),
    writing.replyTo && about(writing.replyTo, "reply"),
    el(
      "div",
      { class: "writing-main" },
      session.me && avatar(session.me, { isLink: false }),
      el("div", { class: "writing-body" }, cover.element, field, completion(field, sources(writing.people)), named.element, files.element, poll.element, writing.quote && about(writing.quote, "quote")),
    ),
    !isEdit && more.element,
    el(
      "footer",
      { class: "writing-foot" },
      el("div", { class: "writing-about" }, !isEdit && visibilityChoice(writing, changed), language.element),
      el("div", { class: "writing-tools", role: "group", "aria-label": t("write.tools") }, ways.buttons, !isEdit && poll.button, cover.button, emojiTool(field), !isEdit && more.button),
      el("div", { class: "writing-send" }, count.element, sending.button),
    ),
    sending.notice,
  );
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

/** @param {KeyboardEvent} event */
function isSend(event) {
  return event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing;
}

/** @param {import("./composer-state.js").Writing} writing */
function placeholder({ replyTo, quote }) {
  return t(replyTo ? "write.here.reply" : quote ? "write.here.quote" : "write.here");
}

/** @param {() => void} anew */
function back(anew) {
  return el("p", { class: "writing-back small soft" }, el("span", null, t("write.back")), el("button", { type: "button", class: "link", onclick: anew }, t("write.anew")));
}
