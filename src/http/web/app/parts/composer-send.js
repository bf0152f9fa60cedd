// Sending: what still has to be there before, asked for kindly, and then at once.

import { el, put } from "../core/dom.js";
import { failed } from "../core/say.js";
import { set, setting } from "../core/session.js";
import { t } from "../core/words.js";
import { timeWrong } from "./composer-more.js";
import { pollWrong } from "./composer-poll.js";
import { isEmpty, isUntouched } from "./composer-state.js";
import { send as sendByOutbox } from "./outbox-send.js";

/**
 * @param {object} options
 * @param {import("./composer-state.js").Writing} options.writing
 * @param {ReturnType<typeof import("./attachments.js").attachments>} options.files
 * @param {ReturnType<typeof import("./composer-language.js").languageChoice>} options.language
 * @param {HTMLTextAreaElement} options.field
 * @param {() => Promise<unknown>} options.keep
 * @param {() => void} options.onsent
 */
export function sender({ writing, files, language, field, keep, onsent }) {
  const notice = el("div", { class: "writing-notice", role: "alert" });
  const words = el("span");
  const button = el("button", { type: "button", class: "button main", onclick: () => send() }, words);
  let [isWaiting, wasAsked, fits] = [false, false, true];

  const follow = () => {
    const name = writing.edit ? "action.save" : writing.time ? "write.schedule" : writing.replyTo ? "write.reply" : "write.post";
    button.disabled = isEmpty(writing) || (writing.edit !== null && isUntouched(writing)) || !fits;
    put(words, isWaiting ? [el("span", { class: "spinner", "aria-hidden": true }), el("span", { class: "unseen", role: "status" }, t("write.waits"))] : t(name));
  };

  /** What is wrong with it; null where nothing is. */
  const wrong = () => (writing.poll && pollWrong(writing.poll)) || timeWrong(writing.time);

  const askForAlt = (/** @type {HTMLElement} */ first) => {
    wasAsked = true;
    const describe = el("button", { type: "button", class: "button little main", onclick: () => (put(notice), first.focus()) }, t("write.alt.describe"));
    put(
      notice,
      el("p", null, t("write.alt.ask")),
      el(
        "div",
        { class: "row" },
        describe,
        el("button", { type: "button", class: "button little", onclick: () => send() }, t("write.alt.send")),
        el("button", { type: "button", class: "link small", onclick: () => (set("askAlt", false), send()) }, t("write.alt.never")),
      ),
    );
    notice.scrollIntoView({ block: "nearest" });
    describe.focus();
  };

  const send = () => void sendNow().catch(failed);
  const sendNow = async () => {
    put(notice);
    // Pressed once more while files are on their way: it is thought over.
    if (isWaiting) return void ((isWaiting = false), follow());
    if (isEmpty(writing) || button.disabled) return field.focus();
    const why = wrong();
    if (why) return void put(notice, el("p", { class: "wrong-words" }, why));
    const undescribed = files.undescribed();
    if (undescribed && !wasAsked && setting("askAlt", true)) return askForAlt(undescribed);
    if (!(await filesAreOver())) return;
    language.used();
    await keep();
    await sendByOutbox(writing, language.current());
    onsent();
  };

  /** What cannot be handed over as the node is away goes with the outbox. */
  const filesAreOver = async () => {
    if (files.isBusy()) {
      isWaiting = true;
      follow();
      await files.settled();
      const isWanted = isWaiting;
      isWaiting = false;
      follow();
      if (!isWanted) return false;
    }
    if (!files.isRefused()) return true;
    put(notice, el("p", { class: "wrong-words" }, t("write.fileWrong")));
    return false;
  };

  follow();
  return {
    button,
    notice,
    send,
    /** @param {boolean} nowFits Whether the text is not too long. */
    follow(nowFits) {
      fits = nowFits;
      follow();
    },
  };
}
