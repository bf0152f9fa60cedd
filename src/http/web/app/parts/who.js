// Who likes a post, and who has shared it.

import { t } from "../core/words.js";
import { accountRow } from "./account-row.js";
import { linked, rows } from "./rows.js";
import { sheet } from "./sheet.js";

/**
 * @param {string} id Of the post.
 * @param {"reblogged_by" | "favourited_by"} by
 */
export function openWho(id, by) {
  sheet(t(`post.${by}`), rows(linked(`/api/v1/statuses/${id}/${by}`), (one) => accountRow(one)), { class: "tall" });
}
