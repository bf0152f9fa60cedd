// How far an address reaches, as the words for it are named.

/**
 * @param {import("../core/types.js").Reach} reach
 * @returns {"world" | "household" | "machine" | "nowhere"}
 */
export function reachWords(reach) {
  // Where a name leads is not known here; whoever has one has it for the world.
  return reach === "name" ? "world" : (reach ?? "nowhere");
}
