// Writing, on a page of its own: what is shared from elsewhere comes here, and who opens it in another tab.

import { put, el } from "../core/dom.js";
import { failed } from "../core/say.js";
import { t } from "../core/words.js";
import { begin } from "../parts/composer-begin.js";
import { composerPlace } from "../parts/composer-place.js";
import { head } from "../parts/head.js";

/**
 * What was shared with the app by another, in one text.
 * @param {URLSearchParams} query
 */
function shared(query) {
  const pieces = ["title", "text", "url"].map((name) => query.get(name)?.trim()).filter((piece) => !!piece);
  return pieces.length ? [...new Set(pieces)].join("\n") : undefined;
}

/**
 * @param {import("../core/types.js").Place} place
 * @returns {Promise<import("../core/types.js").Page>}
 */
export default async function write({ query }) {
  const into = el("div", { class: "padded" });
  /** @type {ReturnType<typeof composerPlace> | null} */
  let place = null;
  const open = async (/** @type {string | undefined} */ text = undefined) => {
    const made = composerPlace(await begin({ text }), () => void open().catch(failed));
    place = made;
    put(into, made.element);
    made.focus();
  };
  await open(shared(query));
  return {
    title: t("write.title"),
    element: el("div", { class: "write-page" }, head(t("write.title"), { isInner: true }), into),
    // The page takes the focus to its name first.
    shown: () => requestAnimationFrame(() => (place ? place.focus() : void open().catch(failed))),
    hidden: () => {
      void place?.leave().catch(failed);
      place = null;
    },
  };
}
