// The owner's own page, as others see it, to be changed. What was typed and not saved is there the next time.

import { get, remove, upload } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { keep, kept } from "../core/kept.js";
import { reason, say } from "../core/say.js";
import { session, setOwner } from "../core/session.js";
import { percent, t } from "../core/words.js";
import { pictureField } from "./picture-field.js";
import { profileLines, readLines } from "./profile-lines.js";
import { sheet } from "./sheet.js";

/** @typedef {{name: string, bio: string, bot: boolean, fields: import("./profile-lines.js").Line[]}} Typed */

const UNSAVED = "profile.unsaved";

export function openProfileForm() {
  const { me } = session;
  if (!me) return;
  const there = {
    name: me.display_name,
    bio: me.majlis.bio ?? "",
    bot: me.bot,
    fields: (me.majlis.fields ?? []).map(({ name, value }) => ({ name, value })),
  };
  const avatar = pictureField(t("profile.picture"), pictureOf(me.avatar), "round");
  const header = pictureField(t("profile.header"), pictureOf(me.header), "wide");
  const form = el("form", { class: "stack" });
  const fill = (/** @type {Typed} */ typed) => put(form, ...body(typed, there, [header, avatar], fill));
  fill(kept(UNSAVED) ?? there);
  form.addEventListener("input", () => keep(UNSAVED, read(form)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void save(form, avatar, header, close);
  });
  const { close } = sheet(t("profile.edit"), form, { class: "tall", onclose: () => (avatar.end(), header.end()) });
}

/** @param {string} url */
function pictureOf(url) {
  return url.includes("/static/") ? null : url;
}

/**
 * @param {Typed} typed
 * @param {Typed} there
 * @param {import("./picture-field.js").PictureField[]} pictures
 * @param {(typed: Typed) => void} fill
 */
function body(typed, there, pictures, fill) {
  const isUnsaved = JSON.stringify(typed) !== JSON.stringify(there);
  const anew = () => (keep(UNSAVED, null), fill(there));
  return [
    isUnsaved &&
      el(
        "p",
        { class: "note" },
        t("profile.unsaved"),
        " ",
        el("button", { type: "button", class: "link", onclick: anew }, t("profile.unsaved.drop")),
      ),
    pictures.map(({ element }) => element),
    el(
      "label",
      { class: "field" },
      el("span", null, t("profile.name")),
      el("input", { class: "input", name: "name", dir: "auto", maxlength: 100, autocomplete: "nickname", ".value": typed.name }),
    ),
    el(
      "label",
      { class: "field" },
      el("span", null, t("profile.bio")),
      el("textarea", { class: "input", name: "bio", dir: "auto", rows: 3, maxlength: 2_000, ".value": typed.bio }),
    ),
    profileLines(typed.fields),
    el(
      "label",
      { class: "choice" },
      el("input", { type: "checkbox", name: "bot", ".checked": typed.bot }),
      el("span", null, el("strong", null, t("profile.bot")), el("span", { class: "soft small" }, t("profile.bot.words"))),
    ),
    el("p", { class: "soft small" }, t("profile.public")),
    el(
      "div",
      { class: "form-foot" },
      el("p", { class: "wrong-words", role: "alert" }),
      el(
        "div",
        { class: "bar", hidden: true, role: "progressbar", "aria-label": t("profile.saving"), "aria-valuemin": 0, "aria-valuemax": 100 },
        el("span"),
      ),
      el("div", { class: "sheet-actions" }, el("button", { class: "button main" }, t("action.save"))),
    ),
  ];
}

/**
 * @param {HTMLFormElement} form
 * @returns {Typed}
 */
function read(form) {
  const typed = new FormData(form);
  return {
    name: String(typed.get("name")).trim(),
    bio: String(typed.get("bio")).trim(),
    bot: typed.has("bot"),
    fields: readLines(form),
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {import("./picture-field.js").PictureField} avatar
 * @param {import("./picture-field.js").PictureField} header
 * @param {() => void} close
 */
async function save(form, avatar, header, close) {
  const [wrong, bar] = [form.querySelector(".wrong-words"), /** @type {HTMLElement | null} */ (form.querySelector(".bar"))];
  const button = /** @type {HTMLButtonElement | null} */ (form.querySelector(".sheet-actions .main"));
  if (!wrong || !bar || !button) return;
  put(wrong);
  button.disabled = true;
  bar.hidden = !avatar.file() && !header.file();
  const show = (/** @type {number} */ part) => {
    bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
    bar.setAttribute("aria-valuetext", percent(part));
    if (bar.firstElementChild instanceof HTMLElement) bar.firstElementChild.style.inlineSize = `${part * 100}%`;
  };
  try {
    for (const [name, field] of Object.entries({ avatar, header })) if (field.isRemoved()) await remove(`/api/v1/profile/${name}`);
    await upload("/api/v1/accounts/update_credentials", said(read(form), { avatar, header }), show, undefined, "PATCH");
    setOwner(await get("/api/v1/accounts/verify_credentials"));
    keep(UNSAVED, null);
    close();
    say(t("profile.saved"));
  } catch (error) {
    put(wrong, reason(error));
  } finally {
    button.disabled = false;
    bar.hidden = true;
  }
}

/**
 * @param {Typed} typed
 * @param {Record<string, import("./picture-field.js").PictureField>} pictures
 */
function said({ name, bio, bot, fields }, pictures) {
  /** @type {Record<string, string | Blob>} */
  const form = { display_name: name, note: bio, bot: String(bot), "fields_attributes[0][name]": "" };
  fields.forEach((one, index) => {
    form[`fields_attributes[${index}][name]`] = one.name;
    form[`fields_attributes[${index}][value]`] = one.value;
  });
  for (const [which, field] of Object.entries(pictures)) {
    const file = field.file();
    if (!file) continue;
    form[which] = file;
    form[`${which}_description`] = field.described();
  }
  return form;
}
