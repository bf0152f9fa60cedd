// The numbers by which posts and the like are named: the later one is, the higher its number.

/** Of a number, the bits below its time, which is in milliseconds. */
const BELOW_TIME = 16n;

/**
 * @param {string} one
 * @param {string} other
 */
export function isNewer(one, other) {
  return one.length === other.length ? one > other : one.length > other.length;
}

/**
 * A number that nothing has, above this one and all of the same time.
 * @param {string} number
 */
export function justAbove(number) {
  return String(((BigInt(number) >> BELOW_TIME) + 1n) << BELOW_TIME);
}
