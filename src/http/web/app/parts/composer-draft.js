// A piece that is put aside, among the drafts of the node: the owner's other devices have it as well.

import { post } from "../core/api.js";
import { go } from "../core/router.js";
import { say } from "../core/say.js";
import { t } from "../core/words.js";
import { forget, remember } from "./composer-state.js";
import { textOf } from "./outbox-form.js";

/** @typedef {import("./composer-state.js").Writing} Writing */

/**
 * @param {Writing} writing
 * @param {string} language
 */
export async function keepAsDraft(writing, language) {
  const { poll, replyTo, quote, from, usage, sourceType, visibility, files } = writing;
  await post("/api/majlis/v1/drafts", {
    id: from?.kind === "draft" ? from.id : null,
    text: textOf(writing),
    lang: language,
    reply_to: replyTo?.majlis.id,
    quote: quote?.majlis.id,
    content_warning: writing.warning,
    poll: poll && {
      options: poll.options.map((option) => option.trim()).filter(Boolean),
      multiple: poll.isMultiple,
      closes_at: poll.seconds ? new Date(Date.now() + poll.seconds * 1_000).toISOString() : null,
    },
    visibility,
    usage,
    source_type: sourceType,
  });
  // The node's drafts have no files: those stay here, with the words that belong to them.
  if (files.length === 0) await forget(writing.id);
  else await remember(writing);
  say(t(files.length ? "write.draft.withoutFiles" : "write.draft.kept"), { action: t("write.look"), onaction: () => go("/drafts") });
}
