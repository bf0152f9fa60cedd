// The place of the composer, in a sheet or on a page: what is in it can be begun anew, and that undone.

import { el, put } from "../core/dom.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { fresh } from "./composer-begin.js";
import { composer } from "./composer-form.js";
import { hold, remember } from "./composer-state.js";
import { erase } from "./drafts-store.js";

/** @typedef {import("./composer-begin.js").Begun} Begun */
/** @typedef {import("./composer-state.js").Writing} Writing */

/**
 * A piece that is put into a place of its own.
 * @param {Writing} writing
 * @returns {Promise<Begun>}
 */
export async function placed(writing) {
  return { writing, release: (await hold(writing.id)) ?? (() => {}), isFound: false };
}

/**
 * @param {Begun} begun
 * @param {() => void} onsent
 */
export function composerPlace(begun, onsent) {
  const element = el("div", { class: "writing-place" });
  const made = (/** @type {Begun} */ one) => composer(one, { onsent, anew: () => void anew().catch(failed) });
  let current = made(begun);

  const show = async (/** @type {Writing} */ writing) => {
    current = made(await placed(writing));
    put(element, current.element);
    current.focus();
  };
  const anew = async () => {
    const old = current.writing;
    const next = await fresh(old);
    await current.leave();
    // Its files stay for a day, in which it can be asked back.
    await erase("writing", old.id);
    await show(next);
    say(t("write.thrown"), { action: t("action.undo"), onaction: () => void askBack(old).catch(failed) });
  };
  const askBack = async (/** @type {Writing} */ old) => {
    await current.leave();
    await remember(old);
    await show(old);
  };

  put(element, current.element);
  return { element, focus: () => current.focus(), leave: () => current.leave(), writing: () => current.writing };
}
