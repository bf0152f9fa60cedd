// Who is here now: those whose nodes this one is connected with.

import { connection, get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { t } from "../core/words.js";
import { avatar } from "./avatar.js";
import { plainName } from "./name.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {{account: string | null, account_number: string | null}} Peer */

/** Milliseconds between looks. */
const BEAT = 30_000;
const FACES = 12;

/** Whose pictures are known. @type {Map<string, Account>} */
const known = new Map();

/** @returns {{element: HTMLElement, watch: () => void, rest: () => void}} */
export function company() {
  const faces = el("div", { class: "faces" });
  const words = el("p", { class: "soft small" });
  const element = el(
    "section",
    { class: "aside-part company" },
    el("h2", null, el("a", { class: "plain", href: "/network" }, t("company.title"))),
    faces,
    words,
  );
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let said = "";
  const look = async () => {
    if (document.hidden || connection.isAway) return;
    try {
      /** @type {{peers: Peer[]}} */
      const { peers } = await get("/api/majlis/v1/node");
      const people = await accounts(peers);
      const now = `${peers.length} ${people.map(({ id, avatar: picture }) => id + picture)}`;
      if (now === said) return;
      said = now;
      put(
        faces,
        people
          .slice(0, FACES)
          .map((one) =>
            el(
              "a",
              { href: `/@${one.acct}`, title: plainName(one), "aria-label": plainName(one) },
              avatar(one, { isLink: false, size: "little" }),
            ),
          ),
      );
      faces.hidden = people.length === 0;
      put(words, peers.length > 0 ? t("company.connected", { n: peers.length }) : t("company.nobody"));
    } catch {
      // It is said at the top of the page that the node does not answer.
    }
  };
  const rest = () => clearInterval(timer);
  const watch = () => {
    rest();
    timer = setInterval(look, BEAT);
    void look();
  };
  document.addEventListener("visibilitychange", () => element.checkVisibility() && void look());
  connection.addEventListener("back", () => element.checkVisibility() && void look());
  return { element, watch, rest };
}

/**
 * Those who have said who they are, each once.
 * @param {Peer[]} peers
 */
async function accounts(peers) {
  const ids = [...new Set(peers.map(({ account_number: id }) => id).filter((id) => id !== null))];
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    for (const account of await get("/api/v1/accounts", { id: unknown.slice(0, 40) })) known.set(account.id, account);
  }
  return ids.flatMap((id) => known.get(id) ?? []);
}
