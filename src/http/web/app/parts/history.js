// What a post has said so far, the latest first.

import { get } from "../core/api.js";
import { el, put } from "../core/dom.js";
import { reason } from "../core/say.js";
import { moment, t } from "../core/words.js";
import { sheet } from "./sheet.js";
import { paragraphs } from "./text.js";

/** @typedef {{content: string, spoiler_text: string, created_at: string}} Version */

const ENTITIES = /** @type {Record<string, string>} */ ({ lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" });

/**
 * Earlier versions come as HTML alone. All that is read from it is text.
 * @param {string} content
 */
function textOf(content) {
  return content
    .replaceAll("</p><p>", "\n\n")
    .replaceAll("<br>", "\n")
    .replace(/<[^>]*>/g, "")
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name) => ENTITIES[name]);
}

/**
 * @param {Version} version
 * @param {number} index
 */
function shown(version, index) {
  return el(
    "li",
    { class: "version" },
    el(
      "h3",
      { class: "soft small" },
      el("time", { datetime: version.created_at }, moment(version.created_at)),
      index === 0 && ` · ${t("history.latest")}`,
    ),
    version.spoiler_text && el("p", { dir: "auto", class: "soft" }, version.spoiler_text),
    el("div", { class: "post-text" }, paragraphs([textOf(version.content)])),
  );
}

/** @param {import("../core/types.js").Status} status */
export function openHistory(status) {
  const body = el("div", { role: "status" });
  sheet(t("history.title"), body);
  const read = async () => {
    put(body, el("div", { class: "spinner", "aria-label": t("feed.loading") }));
    try {
      const versions = /** @type {Version[]} */ (await get(`/api/v1/statuses/${status.id}/history`));
      versions.sort((one, other) => other.created_at.localeCompare(one.created_at));
      put(body, el("ol", { class: "versions" }, versions.map(shown)));
    } catch (error) {
      put(
        body,
        el("p", { class: "wrong-words" }, reason(error)),
        el("button", { class: "button", onclick: () => void read() }, t("action.again")),
      );
    }
  };
  void read();
}
