// Signing this browser out, which is asked first: what it has kept for itself goes.

import { signOut } from "../core/session.js";
import { t } from "../core/words.js";
import { ask } from "./sheet.js";

export async function leave() {
  if (await ask(t("keys.out.title"), t("keys.out.words"), t("keys.out"))) await signOut();
}
