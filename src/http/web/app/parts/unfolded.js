// What was unfolded stays so as long as the page is open, also where it has left the view meanwhile.

/** @type {Set<string>} */
const unfolded = new Set();

/**
 * @param {string} what As `text 5`: which part of which post.
 */
export function isUnfolded(what) {
  return unfolded.has(what);
}

/**
 * @param {string} what
 * @param {boolean} isOpen
 */
export function unfold(what, isOpen = true) {
  if (isOpen) unfolded.add(what);
  else unfolded.delete(what);
}
