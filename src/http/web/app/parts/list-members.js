// Who is on a list, and putting others there, of those whom the owner follows.

import { get, post, remove } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, reason, say } from "../core/say.js";
import { session } from "../core/session.js";
import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { nameInText } from "./name.js";
import { searchField } from "./search-field.js";
import { sheet } from "./sheet.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").NamedList} NamedList */

/** People who are proposed. */
const FEW = 8;

/**
 * @param {NamedList} list
 * @param {(members: Account[]) => void} onchange
 */
export async function openListMembers(list, onchange) {
  const path = `/api/v1/lists/${list.id}/accounts`;
  /** @type {Account[]} */
  let members = [];
  const [found, on] = [el("ul", { class: "endless" }), el("ul", { class: "endless" })];
  const heading = el("h3", null, t("lists.members"));
  const isOn = (/** @type {Account} */ account) => members.some(({ id }) => id === account.id);
  const set = async (/** @type {Account} */ account, /** @type {boolean} */ willBe) => {
    const before = members;
    members = willBe ? [account, ...members] : members.filter(({ id }) => id !== account.id);
    draw();
    try {
      await (willBe ? post : remove)(path, { account_ids: [account.id] });
      onchange(members);
      if (!willBe)
        say(t("lists.removed", { name: nameInText(account) }), { action: t("action.undo"), onaction: () => void set(account, true) });
    } catch (error) {
      members = before;
      draw();
      failed(error);
    }
  };
  /** @type {Account[]} */
  let proposed = [];
  const draw = () => {
    put(
      found,
      proposed.map((one) =>
        el(
          "li",
          null,
          accountRow(
            one,
            undefined,
            isOn(one)
              ? el("span", { class: "chip on" }, icon("check"), t("lists.is.on"))
              : el("button", { class: "button little", onclick: () => void set(one, true) }, icon("plus"), t("lists.add")),
          ),
        ),
      ),
    );
    put(
      on,
      members.map((one) =>
        el(
          "li",
          null,
          accountRow(one, undefined, el("button", { class: "button little", onclick: () => void set(one, false) }, t("action.remove"))),
        ),
      ),
      members.length === 0 && el("li", { class: "soft" }, t("lists.people.none")),
    );
  };
  const look = async (/** @type {string} */ text, /** @type {AbortSignal} */ signal) => {
    const all = text
      ? await get("/api/v1/accounts/search", { q: text, following: true, limit: FEW }, signal)
      : await get(`/api/v1/accounts/${session.me?.id}/following`, { limit: FEW * 3 }, signal);
    proposed = text ? all : all.filter((/** @type {Account} */ one) => !isOn(one)).slice(0, FEW);
    draw();
    if (text && all.length === 0) put(found, el("li", { class: "soft" }, t("lists.add.none")));
  };
  const field = searchField({ label: t("lists.add.search"), onsearch: look });
  sheet(list.title, [field, el("div", { role: "status" }, found), heading, on], { class: "tall" });
  try {
    members = await get(path, { limit: "0" });
    onchange(members);
    await look("", new AbortController().signal);
  } catch (error) {
    put(on, el("li", { class: "wrong-words", role: "alert" }, reason(error)));
  }
}
