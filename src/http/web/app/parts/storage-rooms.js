// Whose data lies here: a picture, and the same as a list.

import { el, put } from "../core/dom.js";
import { session } from "../core/session.js";
import { bytes, percent, t } from "../core/words.js";
import { hue } from "./avatar.js";
import { shortKey } from "./name.js";
import { plan } from "./storage-plan.js";

/** @typedef {import("../core/types.js").Storage} Storage */
/** @typedef {import("../core/types.js").StorageOf} StorageOf */

/** Rooms that are drawn; those of all others are one. */
const DRAWN = 11;
/** The width of the picture to its height. */
const SHAPE = 1.6;
/** No room is drawn smaller than this part of the largest: whose it is matters more than how little it is. */
const LEAST = 0.03;
const LEAST_OWN = 0.12;

/** @param {StorageOf} of */
function sizeOf(of) {
  return of.post_bytes + of.file_bytes;
}

/** @param {StorageOf} of */
export function nameIn(of) {
  return of.own ? t("storage.you") : of.name || shortKey(of.account.replace("did:key:", ""));
}

/** @param {Storage} storage */
export function rooms({ accounts }) {
  const held = accounts.filter((of) => sizeOf(of) > 0);
  if (held.length === 0) return el("div", { class: "plan none" }, el("p", { class: "soft" }, t("storage.none")));
  const drawn = held.length > DRAWN + 1 ? held.slice(0, DRAWN) : held;
  const others = held.slice(drawn.length);
  const rest = others.reduce((all, of) => all + sizeOf(of), 0);
  const parts = [...drawn.map((of) => ({ of, size: sizeOf(of) })), ...(others.length ? [{ of: null, size: rest }] : [])];
  const most = Math.max(...parts.map(({ size }) => size));
  const drawnSize = (/** @type {typeof parts[0]} */ { of, size }) => Math.max(size, most * (of?.own ? LEAST_OWN : LEAST));
  parts.sort((one, other) => drawnSize(other) - drawnSize(one));
  const laid = plan(parts.map(drawnSize), SHAPE, 1);
  return el(
    "div",
    { class: "plan", "aria-hidden": true },
    laid.map((room, index) => {
      const { of, size } = parts[index];
      const name = of ? nameIn(of) : t("storage.others", { n: others.length });
      const shown = el(
        "div",
        { class: of?.own ? "plan-room own" : "plan-room", title: `${name}: ${bytes(size)}` },
        el("span", { class: "plan-words" }, el("bdi", { class: "plan-name" }, name), el("span", { class: "plan-size" }, bytes(size))),
      );
      shown.style.insetInlineStart = `${(room.x / SHAPE) * 100}%`;
      shown.style.insetBlockStart = `${room.y * 100}%`;
      shown.style.inlineSize = `${(room.width / SHAPE) * 100}%`;
      shown.style.blockSize = `${room.height * 100}%`;
      shown.style.setProperty("--hue", String(of ? hue(of.account.replace("did:key:", "")) : 0));
      if (!of) shown.classList.add("rest");
      return shown;
    }),
  );
}

let isListOpen = false;

/** @param {Storage} storage */
export function roomList({ accounts }) {
  const list = el("ul", { class: "bars" });
  const details = el("details", { class: "more", open: isListOpen }, el("summary", null, t("storage.list")), list);
  const fill = () => {
    isListOpen = details.open;
    if (isListOpen && !list.firstChild) put(list, bars(accounts));
  };
  details.addEventListener("toggle", fill);
  fill();
  return details;
}

/** @param {StorageOf[]} accounts */
function bars(accounts) {
  const most = Math.max(1, ...accounts.map(sizeOf));
  return accounts.map((of) => {
    const fill = el("span", { class: of.own ? "own" : null });
    fill.style.inlineSize = percentOf(sizeOf(of) / most);
    return el(
      "li",
      null,
      el("a", { class: "bars-name", href: `/@${of.own ? session.me?.acct : of.account.replace("did:key:", "")}` }, el("bdi", null, nameIn(of))),
      el("span", { class: "bars-size" }, bytes(sizeOf(of))),
      el("span", { class: "bar", "aria-hidden": true }, fill),
      el("span", { class: "soft small bars-words" }, [t("storage.posts", { n: of.posts }), of.files > 0 && t("storage.files", { n: of.files })].filter(Boolean).join(" · ")),
    );
  });
}

/** @param {number} part */
function percentOf(part) {
  return `${Math.max(0.5, part * 100)}%`;
}

/**
 * What lies on the disk in all: what is yours, what is others', what the node needs for itself.
 * @param {Storage} storage
 */
export function balance({ accounts, total }) {
  const sum = (/** @type {boolean} */ own) => accounts.filter((of) => of.own === own).reduce((all, of) => all + sizeOf(of), 0);
  const all = total.database_bytes + total.journal_bytes + total.search_bytes + total.own_file_bytes + total.others_file_bytes;
  const [yours, others] = [sum(true), sum(false)];
  const parts = /** @type {[string, number][]} */ ([
    ["own", yours],
    ["others", others],
    ["itself", Math.max(0, all - yours - others)],
  ]);
  return el(
    "div",
    { class: "balance" },
    el("p", null, t("storage.all", { size: bytes(all), free: bytes(total.free_bytes) })),
    el(
      "div",
      { class: "bar", "aria-hidden": true },
      parts.map(([name, size]) => {
        const part = el("span", { class: name });
        part.style.inlineSize = percentOf(size / Math.max(1, all));
        return part;
      }),
    ),
    el(
      "ul",
      { class: "legend" },
      parts.map(([name, size]) => el("li", null, el("span", { class: `swatch ${name}`, "aria-hidden": true }), el("span", null, t(`storage.part.${name}`), el("span", { class: "soft" }, ` ${bytes(size)} · ${percent(size / Math.max(1, all))}`)))),
    ),
  );
}
