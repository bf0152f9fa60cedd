// What is chosen by itself where the owner writes and says nothing else.

import { patch } from "../core/api.js";
import { el } from "../core/dom.js";
import { failed, say } from "../core/say.js";
import { session, setOwner } from "../core/session.js";
import { languageName, t } from "../core/words.js";
import { oneOf, setting, toggle } from "./settings-choices.js";

/** Languages that are offered, beside that which is chosen. */
const OFFERED = ["ar", "az", "bn", "ckb", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "id", "it", "ja", "kab", "ko", "ku", "ms", "nl", "no", "pl", "ps", "pt", "ro", "ru", "so", "sv", "sw", "tr", "uk", "ur", "uz", "zgh", "zh"];

/** @param {{privacy?: string, sensitive?: boolean, language?: string}} source */
async function save(source) {
  try {
    setOwner(await patch("/api/v1/accounts/update_credentials", { source }));
    say(t("settings.saved"));
  } catch (error) {
    failed(error);
  }
}

/** @param {string | null} chosen */
function languages(chosen) {
  const tags = [...new Set([...OFFERED, ...(chosen ? [chosen] : [])])];
  const named = tags.map((tag) => ({ tag, name: languageName(tag) })).sort((one, other) => one.name.localeCompare(other.name));
  const select = el("select", { class: "input", onchange: () => void save({ language: select.value }) },
    el("option", { value: "", selected: !chosen }, t("settings.posts.language.last")),
    named.map(({ tag, name }) => el("option", { value: tag, selected: tag === chosen }, name)),
  );
  return select;
}

export function postSettings() {
  const { privacy = "public", sensitive = false, language = null } = session.me?.source ?? {};
  return [
    oneOf(t("settings.posts.who"), [["public", t("settings.posts.public")], ["unlisted", t("settings.posts.unlisted")]], privacy, (value) => void save({ privacy: value })),
    el("p", { class: "soft small" }, t("settings.posts.who.words")),
    setting(t("settings.posts.language"), t("settings.posts.language.words"), languages(language)),
    toggle(t("settings.posts.sensitive"), t("settings.posts.sensitive.words"), sensitive, (value) => void save({ sensitive: value })),
  ];
}
