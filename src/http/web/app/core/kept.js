// What this browser keeps by itself: who is signed in, and how the pages are to look. A browser that keeps nothing
// (private windows, full disks) must not stop the page, so that all is caught here.

const PREFIX = "majlis.";

/**
 * @param {string} name
 * @returns {any} What was kept by this name, or null.
 */
export function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Keeps a value; null forgets it.
 * @param {string} name
 * @param {any} value
 */
export function keep(name, value) {
  try {
    if (value === null || value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // What cannot be kept holds until the page is closed.
  }
}

/** Forgets all of it. */
export function forgetAll() {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  } catch {
    // There is nothing to forget.
  }
}
