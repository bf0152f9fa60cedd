// Someone's picture; where they have none, their first letter on a colour of their own, and a star.

import { el } from "../core/dom.js";
import { plainName } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */

const WITHOUT = "/static/avatar.png";

/**
 * @param {Account} account
 * @param {{isLink?: boolean, size?: "little" | "usual" | "large"}} [options]
 */
export function avatar(account, { isLink = true, size = "usual" } = {}) {
  const hasPicture = !account.avatar.endsWith(WITHOUT);
  const picture = hasPicture
    ? el("img", { src: account.avatar, alt: "", loading: "lazy", decoding: "async" })
    : el("span", { class: "letter", "aria-hidden": true }, plainName(account).replace(/^z6Mk/, "").match(/[\p{L}\p{N}\p{Extended_Pictographic}]/u)?.[0].toUpperCase() ?? "");
  const shown = el(isLink ? "a" : "span", { class: `avatar ${size}`, ...(isLink ? { href: `/@${account.acct}`, "aria-label": plainName(account), tabindex: -1 } : {}) }, picture);
  if (!hasPicture) shown.style.setProperty("--hue", String(hue(account.acct)));
  return shown;
}

/**
 * A colour that is always the same for a key.
 * @param {string} key
 */
export function hue(key) {
  let sum = 0;
  for (const letter of key) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return sum;
}
