// Whose data is it: what lies here and whose it is, who else holds what is the owner's, who may act for them, and what
// they ask of those who read.

import { change, get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { failed, say } from "../core/say.js";
import { readOwner } from "../core/session.js";
import { t, tt } from "../core/words.js";
import { appList } from "../parts/apps.js";
import { asked } from "../parts/asked.js";
import { copyBox } from "../parts/copy.js";
import { head } from "../parts/head.js";
import { accountsOf, holderList } from "../parts/holders.js";
import { keysPanel } from "../parts/keys-panel.js";
import { reminder } from "../parts/recovery.js";
import { section } from "../parts/section.js";
import { bucketCard } from "../parts/storage-bucket.js";
import { keepLess, keptNow } from "../parts/storage-keep.js";
import { balance, roomList, rooms } from "../parts/storage-rooms.js";
import { usagePanel } from "../parts/usage.js";

/** @param {string} statement */
async function setUsage(statement) {
  const usage = await change("/api/majlis/v1/usage", { statement });
  say(t("usage.saved"));
  readOwner().catch(failed);
  return usage;
}

/** @param {string} home */
function takeAlong(home) {
  return [
    el("p", null, t("data.home")),
    copyBox(home, t("data.home.name")),
    el("p", null, t("data.export")),
    copyBox("majlis export everything.majlis", t("data.export.name")),
    el("p", { class: "soft small" }, tt("data.export.words", { command: el("code", { class: "key" }, "majlis import everything.majlis") })),
  ];
}

async function askStorage() {
  /** @type {[import("../core/types.js").Storage, import("../core/types.js").NodeView]} */
  const [found, { status }] = await Promise.all([get("/api/majlis/v1/storage"), get("/api/majlis/v1/node")]);
  return { found, bucket: status.bucket };
}

async function askHolders() {
  /** @type {import("../core/types.js").Holder[]} */
  const holders = await get("/api/majlis/v1/holders");
  return { holders, accounts: await accountsOf(holders.map((holder) => holder.account_number)) };
}

/** @returns {import("../core/types.js").Page} */
export default function data() {
  const bounds = el("div");
  const storage = asked(
    askStorage,
    ({ found, bucket }) => {
      put(bounds, keptNow(found.total.keep));
      return [rooms(found), balance(found), bucketCard(bucket), roomList(found)];
    },
    "rooms",
  );
  const holders = asked(askHolders, ({ holders: found, accounts }) => holderList(found, accounts));
  const usage = asked(() => get("/api/majlis/v1/usage"), (said) => usagePanel(said, setUsage));
  const keys = asked(() => get("/api/majlis/v1/node"), ({ id }) => [keysPanel(id)], "tall");
  const home = asked(() => get("/api/majlis/v1/node"), ({ id }) => takeAlong(id.home));
  let isAgain = false;
  return {
    title: t("nav.data"),
    shown: () => {
      if (isAgain) for (const part of [storage, holders]) void part.fill();
      isAgain = true;
    },
    element: el(
      "div",
      { class: "house" },
      head(t("nav.data")),
      reminder(),
      section("home", t("data.here"), el("p", { class: "soft" }, t("data.here.words")), storage.element),
      section("people", t("data.holders"), holders.element),
      section("shield", t("data.usage"), usage.element),
      section("device", t("data.apps"), el("p", { class: "soft" }, t("data.apps.words")), appList()),
      section("key", t("data.keys"), keys.element),
      section("trash", t("data.room"), keepLess(() => void storage.fill()), bounds),
      section("download", t("data.take"), home.element),
    ),
  };
}
