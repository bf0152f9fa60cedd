// The first steps, each a page of its own with one thing on it. Every one can be left for later.

import { change, get, upload } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { keep, kept } from "../core/kept.js";
import { failed, reason } from "../core/say.js";
import { readOwner, session, setOwner } from "../core/session.js";
import { t } from "../core/words.js";
import { followForm } from "./follow-form.js";
import { inviteCard } from "./invite-card.js";
import { pictureField } from "./picture-field.js";
import { noteRecovery, phraseSteps } from "./recovery.js";
import { honest, usageCards } from "./usage.js";

/** @typedef {{back: HTMLElement | null, next: () => void}} Ways */

const UNSAVED = "welcome.unsaved";

/**
 * The end of a step: back, later, and on.
 * @param {Ways} ways
 * @param {{later?: string, next: string, onnext: () => void | Promise<void>}} options
 */
function actions({ back, next }, { later, next: words, onnext }) {
  const wrong = el("p", { class: "wrong-words", role: "alert" });
  const button = el("button", { class: "button main" }, words);
  const go = async () => {
    put(wrong);
    button.disabled = true;
    try {
      await onnext();
    } catch (error) {
      put(wrong, reason(error));
    } finally {
      button.disabled = false;
    }
  };
  button.addEventListener("click", () => void go());
  return [wrong, el("div", { class: "step-actions" }, back, later && el("button", { class: "button", onclick: next }, later), button)];
}

/** @param {Ways} ways */
export function who(ways) {
  const { me } = session;
  const there = { name: me?.display_name ?? "", bio: me?.majlis.bio ?? "" };
  const typed = kept(UNSAVED) ?? there;
  const picture = pictureField(t("welcome.picture"), me && !me.avatar.includes("/static/") ? me.avatar : null, "round");
  const name = el("input", { class: "input", id: "welcome-name", dir: "auto", maxlength: 100, autocomplete: "nickname", value: typed.name });
  const bio = el("textarea", { class: "input", id: "welcome-bio", dir: "auto", rows: 2, maxlength: 500, ".value": typed.bio });
  const store = async () => {
    const file = picture.file();
    const isSame = !file && name.value.trim() === there.name && bio.value.trim() === there.bio;
    if (!isSame) await save(file);
    keep(UNSAVED, null);
    ways.next();
  };
  const save = async (/** @type {File | null} */ file) => {
    await upload("/api/v1/accounts/update_credentials", { display_name: name.value.trim(), note: bio.value.trim(), ...(file ? { avatar: file, avatar_description: picture.described() } : {}) }, undefined, undefined, "PATCH");
    setOwner(await get("/api/v1/accounts/verify_credentials"));
  };
  return el(
    "div",
    { class: "stack", oninput: () => keep(UNSAVED, { name: name.value, bio: bio.value }) },
    el("div", { class: "field" }, el("label", { for: name.id }, t("welcome.name")), name),
    picture.element,
    el("div", { class: "field" }, el("label", { for: bio.id }, t("welcome.bio")), bio),
    el("p", { class: "soft small" }, t("welcome.public")),
    actions(ways, { later: t("welcome.later"), next: t("welcome.next"), onnext: store }),
  );
}

/** @param {Ways} ways */
export function phrase(ways) {
  const step = el("div", { class: "stack" }, el("div", { class: "skeleton waiting tall" }));
  const done = () => put(step, el("p", null, t("recovery.already")), actions(ways, { next: t("welcome.next"), onnext: ways.next }));
  const fill = async () => {
    try {
      const { phrase: words } = await get("/api/majlis/v1/recovery");
      noteRecovery(words !== null);
      if (words === null) done();
      else put(step, phraseSteps(words, { ondone: () => (done(), ways.next()), actions: [ways.back, el("button", { class: "button", onclick: ways.next }, t("welcome.remind"))] }));
    } catch (error) {
      put(step, el("p", { class: "wrong-words", role: "alert" }, reason(error)), el("div", { class: "step-actions" }, ways.back, el("button", { class: "button", onclick: ways.next }, t("welcome.remind")), el("button", { class: "button main", onclick: fill }, t("action.again"))));
    }
  };
  void fill();
  return step;
}

/** @param {Ways} ways */
export function usage(ways) {
  const said = session.me?.majlis.usage;
  const cards = usageCards({ value: said && Object.values(said).some((one) => one !== null) ? said : null });
  const store = async () => {
    await change("/api/majlis/v1/usage", { statement: cards.statement });
    readOwner().catch(failed);
    ways.next();
  };
  return el("div", { class: "stack" }, el("p", null, t("welcome.usage.words")), cards, honest(), actions(ways, { later: t("welcome.later"), next: t("welcome.next"), onnext: store }));
}

/** @param {Ways} ways */
export function invite(ways) {
  return el("div", { class: "stack" }, el("p", null, t("invite.words")), inviteCard(), actions(ways, { next: t("welcome.next"), onnext: ways.next }));
}

/** @param {Ways} ways */
export function follow(ways) {
  const form = followForm();
  return el("div", { class: "stack" }, el("p", null, t("welcome.follow.words")), form, actions(ways, { next: t("welcome.done"), onnext: ways.next }));
}
