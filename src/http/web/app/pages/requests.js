// At the door: people whom the owner does not know, and what they say. They wait for a word.

import { list } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { on } from "../core/live.js";
import { t } from "../core/words.js";
import { asked } from "../parts/asked.js";
import { empty } from "../parts/empty.js";
import { head } from "../parts/head.js";
import { leaving, stranger } from "../parts/stranger.js";

/** @typedef {import("../core/types.js").Stranger} Stranger */

/** @returns {import("../core/types.js").Page} */
export default function requests() {
  const draw = (/** @type {Stranger[]} */ all) => {
    const [words, nobody] = [el("p", { class: "soft padded" }, t("door.words")), empty(t("door.none"), t("door.none.words"))];
    const rows = el("ul", { class: "strangers" });
    const check = () => {
      words.hidden = rows.children.length === 0;
      nobody.hidden = !words.hidden;
    };
    put(
      rows,
      all.filter(({ id }) => !leaving.has(id)).map((one) => stranger(one, check)),
    );
    check();
    return [words, rows, nobody];
  };
  const answer = asked(async () => (await list("/api/v1/notifications/requests")).items, draw, "tall");
  let end = () => {};
  const isAsking = (/** @type {{data: any}} */ { data }) => data.majlis.kind === "request" && void answer.fill();
  return {
    element: el("div", null, head(t("nav.requests")), answer.element),
    title: t("nav.requests"),
    shown: () => {
      end = on({ notification: isAsking, resumed: () => void answer.fill() });
    },
    hidden: () => end(),
  };
}
