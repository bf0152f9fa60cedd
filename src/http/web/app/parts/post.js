// A post, wherever it stands.

import { el, put } from "../core/dom.js";
import { go } from "../core/router.js";
import { avatar } from "./avatar.js";
import { startPostKeys } from "./post-keys.js";
import { actions } from "./post-actions.js";
import { filterFold } from "./folds.js";
import { postBody } from "./post-body.js";
import { postFoot } from "./post-foot.js";
import { postHead, postWhy } from "./post-head.js";
import { poll } from "./poll.js";
import { reactions } from "./reactions.js";
import { isHidden, register } from "./shown.js";
import { postPath } from "./paths.js";

/** @typedef {import("../core/types.js").Status} Status */

/**
 * @typedef {object} Options
 * @property {boolean} [isLarge] It is what the page is about.
 * @property {boolean} [hidesReply] What it answers stands right above it.
 */

let count = 0;

/**
 * @param {Status} shown A post, or someone's sharing of one.
 * @param {Options} [options]
 * @returns {HTMLElement}
 */
export function post(shown, options = {}) {
  const status = shown.reblog ?? shown;
  const name = `post-${(count += 1)}`;
  const ids = { name: `${name}-name`, time: `${name}-time`, text: `${name}-text` };
  const article = el("article", {
    class: options.isLarge ? "post large" : "post",
    tabindex: 0,
    hidden: isHidden(status.id),
    "data-post": status.id,
    "data-author": status.account.id,
    "aria-labelledby": `${ids.name} ${ids.time}`,
    "aria-describedby": ids.text,
    onclick: (/** @type {MouseEvent} */ event) => open(event, status, options),
  });
  const bar = actions(status);
  const chips = reactions(status);
  const vote = poll(status);
  let said = "";
  const drawAll = () => {
    const hadFocus = article.contains(document.activeElement);
    const fold = filterFold(shown, drawAll);
    article.classList.toggle("folded", fold !== null);
    if (fold) put(article, fold);
    else {
      const body = el(
        "div",
        { class: "post-body" },
        postBody(status, ids.text, vote?.element ?? null, options),
        chips.element,
        postFoot(status, options),
        bar.element,
      );
      put(article, postWhy(shown, options), avatar(status.account), postHead(status, ids, options), body);
    }
    said = says(status);
    if (hadFocus) article.focus({ preventScroll: true });
  };
  const draw = () => {
    bar.draw();
    chips.draw();
    vote?.draw();
    if (says(status) !== said) drawAll();
  };
  drawAll();
  register(article, {
    status,
    draw,
    acts: { ...bar.acts, open: () => go(postPath(status)), profile: () => go(`/@${status.account.acct}`) },
  });
  startPostKeys();
  return article;
}

/**
 * What makes it another one to read. All else is drawn without the rest being touched.
 * @param {Status} status
 */
function says({ edited_at, pinned }) {
  return JSON.stringify([edited_at, pinned]);
}

/**
 * A click beside all that does something opens the conversation.
 * @param {MouseEvent} event
 * @param {Status} status
 * @param {Options} options
 */
function open(event, status, options) {
  const isOwn =
    event.target instanceof Element && !event.target.closest("a, button, input, label, summary, video, audio, .post-quote, .covered");
  if (options.isLarge || !isOwn || event.defaultPrevented || getSelection()?.isCollapsed === false) return;
  if (event.metaKey || event.ctrlKey) window.open(postPath(status), "_blank", "noopener");
  else go(postPath(status));
}
