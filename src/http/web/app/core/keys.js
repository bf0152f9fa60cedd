// The keyboard: what each key does, in one table, from which the help sheet is made as well. Parts of the page say what
// they do with a key by listening for its name on the document; what stands nearest to the focus goes first.

/**
 * @typedef {object} Shortcut
 * @property {string} keys As `j`, or `g h`: one behind the other.
 * @property {string} name The event that is sent: `key:next`.
 * @property {string} words The key of its words in the help sheet.
 */

/** @type {Shortcut[]} */
export const SHORTCUTS = [
  { keys: "j", name: "next", words: "keys.next" },
  { keys: "k", name: "previous", words: "keys.previous" },
  { keys: "Enter", name: "open", words: "keys.open" },
  { keys: "n", name: "write", words: "keys.write" },
  { keys: "r", name: "reply", words: "keys.reply" },
  { keys: "l", name: "like", words: "keys.like" },
  { keys: "b", name: "repost", words: "keys.repost" },
  { keys: "q", name: "quote", words: "keys.quote" },
  { keys: "m", name: "bookmark", words: "keys.bookmark" },
  { keys: "x", name: "unfold", words: "keys.unfold" },
  { keys: "v", name: "view", words: "keys.view" },
  { keys: "p", name: "profile", words: "keys.profile" },
  { keys: ".", name: "newest", words: "keys.newest" },
  { keys: "/", name: "search", words: "keys.search" },
  { keys: "Backspace", name: "back", words: "keys.back" },
  { keys: "?", name: "help", words: "keys.help" },
  { keys: "g h", name: "home", words: "nav.home" },
  { keys: "g n", name: "notifications", words: "nav.notifications" },
  { keys: "g m", name: "mentions", words: "nav.mentions" },
  { keys: "g r", name: "requests", words: "nav.requests" },
  { keys: "g b", name: "bookmarks", words: "nav.bookmarks" },
  { keys: "g l", name: "lists", words: "nav.lists" },
  { keys: "g p", name: "me", words: "nav.profile" },
  { keys: "g d", name: "data", words: "nav.data" },
  { keys: "g w", name: "network", words: "nav.network" },
  { keys: "g s", name: "settings", words: "nav.settings" },
];

/** Milliseconds within which the second key of two has to come. */
const PAUSE = 1_200;

let [first, at] = ["", 0];

/** Starts listening. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (target.isContentEditable || target.closest("input, textarea, select, dialog[open]")) return;
    // What a button or link does with it goes first.
    if (event.key === "Enter" && target.closest("a, button, summary")) return;
    const before = Date.now() - at < PAUSE ? first : "";
    const found = SHORTCUTS.find(({ keys }) => keys === (before ? `${before} ${event.key}` : event.key))
      ?? SHORTCUTS.find(({ keys }) => keys === event.key);
    [first, at] = [found ? "" : event.key, Date.now()];
    if (!found) return;
    const sent = new CustomEvent(`key:${found.name}`, { bubbles: true, cancelable: true });
    if (!target.dispatchEvent(sent)) event.preventDefault();
  });
}

/**
 * Does something at a shortcut, and leaves it to nobody else.
 * @param {EventTarget} where An element, for when the focus is within, or the document.
 * @param {string} name
 * @param {() => void} action
 * @returns {() => void} Ends it.
 */
export function onKey(where, name, action) {
  const listener = (/** @type {Event} */ event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    action();
  };
  where.addEventListener(`key:${name}`, listener);
  return () => where.removeEventListener(`key:${name}`, listener);
}
