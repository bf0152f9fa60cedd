// On which of the owner's lists someone is.

import { get, post, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { failed, reason } from "../core/say.js";
import { t } from "../core/words.js";
import { nameInText } from "./name.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").NamedList} NamedList */

/** @param {Account} account */
export async function openListsOf(account) {
  const body = el("div", { class: "stack" }, el("span", { class: "spinner", "aria-hidden": true }));
  sheet(t("lists.of", { name: nameInText(account) }), body);
  try {
    const [all, own] = await Promise.all([get("/api/v1/lists"), get(`/api/v1/accounts/${account.id}/lists`)]);
    const isOn = new Set(own.map((/** @type {NamedList} */ list) => list.id));
    put(
      body,
      all.length === 0 && el("p", { class: "soft" }, t("lists.none")),
      all.map((/** @type {NamedList} */ list) => choice(list, account, isOn.has(list.id))),
      el("a", { class: "button", href: "/lists" }, t("lists.manage")),
    );
  } catch (error) {
    put(body, el("p", { class: "wrong-words" }, reason(error)));
  }
}

/**
 * @param {NamedList} list
 * @param {Account} account
 * @param {boolean} isOn
 */
function choice({ id, title }, account, isOn) {
  const box = el("input", {
    type: "checkbox",
    ".checked": isOn,
    onchange: async () => {
      const path = `/api/v1/lists/${id}/accounts`;
      try {
        await (box.checked ? post : remove)(path, { account_ids: [account.id] });
      } catch (error) {
        box.checked = !box.checked;
        failed(error);
      }
    },
  });
  return el("label", { class: "choice" }, box, el("strong", { dir: "auto" }, title));
}
