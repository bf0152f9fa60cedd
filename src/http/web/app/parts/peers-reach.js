// From where this node can be found, in words for people who know nothing of addresses.

/** @typedef {"internet" | "network" | "machine" | "nowhere"} Reach */

const PRIVATE = [/^10\./, /^192\.168\./, /^172\.(1[6-9]|2\d|3[01])\./, /^169\.254\./, /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, /^f[cd][0-9a-f]{2}:/i, /^fe[89ab][0-9a-f]:/i];
const OWN = [/^127\./, /^::1$/];
/** @type {Reach[]} */
const FAR_LAST = ["nowhere", "machine", "network", "internet"];

/**
 * How far an address reaches.
 * @param {string} address `/ip4/192.0.2.7/tcp/4001/p2p/…`
 * @returns {Reach}
 */
export function reachOf(address) {
  const [, kind, host = ""] = address.split("/");
  if (kind.startsWith("dns")) return "internet";
  if (kind !== "ip4" && kind !== "ip6") return "nowhere";
  if (OWN.some((range) => range.test(host))) return "machine";
  return PRIVATE.some((range) => range.test(host)) ? "network" : "internet";
}

/**
 * The farthest of some.
 * @param {string[]} addresses
 * @returns {Reach}
 */
export function farthest(addresses) {
  return addresses.map(reachOf).reduce((far, reach) => (FAR_LAST.indexOf(reach) > FAR_LAST.indexOf(far) ? reach : far), /** @type {Reach} */ ("nowhere"));
}
