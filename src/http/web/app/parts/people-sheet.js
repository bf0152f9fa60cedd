// Whom someone follows, or who follows them, over the page.

import { el } from "../core/dom.js";
import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { nameInText } from "./name.js";
import { linked, rows } from "./rows.js";
import { sheet } from "./sheet.js";

/**
 * @param {import("../core/types.js").Account} account
 * @param {string} which `following` or `followers`
 */
export function openPeople(account, which) {
  const none = () => el("p", { class: "soft" }, t(`profile.${which}.none`));
  const all = rows(linked(`/api/v1/accounts/${account.id}/${which}`), (one) => accountRow(one), none);
  const hint = !account.majlis.own || which === "followers" ? t(`profile.${which}.hint`) : t("profile.following.own.hint");
  sheet(t(`profile.${which}.of`, { name: nameInText(account) }), [el("p", { class: "soft small" }, hint), all], { class: "tall" });
}
