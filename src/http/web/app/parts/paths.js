// Where things are within the pages.

/** @param {import("../core/types.js").Status} status */
export function postPath(status) {
  return `/@${status.account.acct}/${status.id}`;
}
