// Someone who waits at the door. Their pictures are not shown before they are let in.

import { post } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { failed, say } from "../core/say.js";
import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { later } from "./later.js";
import { nameInText } from "./name.js";
import { block } from "./relating.js";
import { countAnew } from "./shell.js";
import { paragraphs } from "./text.js";
import { timeOf } from "./time.js";

/** @typedef {import("../core/types.js").Stranger} Stranger */

/** Those who are sent away and could still be called back. @type {Set<string>} */
export const leaving = new Set();

/** Characters that are shown of what they say. */
const EXCERPT = 1_500;

/**
 * @param {Stranger} request
 * @param {() => void} changed Called when they go, and when they come back.
 */
export function stranger({ account, last_status: status, notifications_count: count }, changed) {
  const name = nameInText(account);
  const path = `/api/v1/notifications/requests/${account.id}`;
  const away = () => (item.remove(), changed());
  const accept = async () => {
    setBusy(true);
    try {
      await post(`${path}/accept`);
      away();
      say(t("door.accepted", { name }));
      await countAnew();
    } catch (error) {
      failed(error);
      setBusy(false);
    }
  };
  const dismiss = () => {
    const [parent, next] = [item.parentElement, item.nextElementSibling];
    leaving.add(account.id);
    away();
    const undo = () => {
      leaving.delete(account.id);
      parent?.insertBefore(item, next?.isConnected ? next : null);
      changed();
    };
    later(t("door.dismissed", { name }), async () => (await post(`${path}/dismiss`), leaving.delete(account.id), countAnew()), undo);
  };
  const keepOut = async () => {
    setBusy(true);
    await block(account).then(away, failed);
    setBusy(false);
    await countAnew();
  };
  const buttons = [
    el("button", { class: "button main", onclick: accept }, icon("door"), t("door.accept")),
    el("button", { class: "button", onclick: dismiss }, t("door.dismiss")),
    el("button", { class: "link soft", onclick: keepOut }, t("people.block")),
  ];
  const setBusy = (/** @type {boolean} */ isBusy) => buttons.forEach((button) => void (button.disabled = isBusy));
  const more = Number(count) - 1;
  const item = el(
    "li",
    { class: "card stranger" },
    accountRow(account, undefined, status && el("span", { class: "soft small" }, timeOf(status.created_at))),
    status && words(status),
    more > 0 && el("p", { class: "small" }, el("a", { href: `/@${account.acct}` }, t("door.more", { n: more }))),
    el("div", { class: "row" }, buttons),
  );
  return item;
}

/** @param {import("../core/types.js").Status} status */
function words(status) {
  const files = status.media_attachments.length;
  const said = paragraphs(status.majlis.parts, EXCERPT);
  const body = el(
    "div",
    { class: "stranger-words" },
    said,
    files > 0 && el("p", { class: "soft small" }, icon("picture"), t("notices.files", { n: files })),
  );
  if (!status.spoiler_text) return body;
  return el("details", null, el("summary", { dir: "auto" }, status.spoiler_text), put(el("div"), body));
}
