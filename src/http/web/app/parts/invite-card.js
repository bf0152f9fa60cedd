// The owner's invite: a picture for a camera, and the same as a link.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reason } from "../core/say.js";
import { t } from "../core/words.js";
import { copyBox } from "./copy.js";
import { qr } from "./qr.js";
import { sheet } from "./sheet.js";

/** Shows it over the page. */
export function openInvite() {
  sheet(t("invite.title"), [el("p", null, t("invite.words")), inviteCard()]);
}

/** @returns {HTMLElement} A card that fills itself. */
export function inviteCard() {
  const card = el("div", { class: "invite-card" });
  const fill = async () => {
    put(card, el("div", { class: "qr-frame skeleton" }), el("div", { class: "invite-link skeleton" }));
    try {
      show(card, await get("/api/majlis/v1/invite"));
    } catch (error) {
      put(card, el("p", { class: "wrong-words", role: "alert" }, reason(error)), el("button", { class: "button", onclick: fill }, t("action.again")));
    }
  };
  void fill();
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {{invite: string, qr: import("../core/types.js").QrRows | null}} given
 */
function show(card, { invite, qr: code }) {
  const share = () => navigator.share({ text: invite }).catch(() => {
    // Whoever closes what the system opened has changed their mind.
  });
  put(
    card,
    code && el("div", { class: "qr-frame" }, qr(code, t("invite.picture"))),
    el(
      "div",
      { class: "invite-link" },
      copyBox(invite, t("invite.link")),
      "share" in navigator && el("button", { class: "button", onclick: share }, icon("share"), t("invite.share")),
    ),
  );
}
