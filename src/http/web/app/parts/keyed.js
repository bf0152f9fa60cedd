// A list whose items stay the same elements while it changes, so that neither focus nor movement is broken.

/**
 * @template T
 * @param {HTMLElement} parent
 * @param {(item: T) => string} key
 * @param {(item: T) => HTMLElement} make
 * @param {(element: HTMLElement, item: T, index: number, count: number) => void} change
 * @returns {(items: T[]) => void}
 */
export function keyed(parent, key, make, change) {
  /** @type {Map<string, HTMLElement>} */
  const made = new Map();
  return (items) => {
    const keys = new Set(items.map(key));
    for (const [name, element] of made) {
      if (keys.has(name)) continue;
      element.remove();
      made.delete(name);
    }
    items.forEach((item, index) => {
      const name = key(item);
      const element = made.get(name) ?? make(item);
      made.set(name, element);
      change(element, item, index, items.length);
      if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
    });
  };
}
