// Elements are made by these functions alone. Nothing is ever parsed from a string of HTML, so that what others write
// stays text; the page's policy (`require-trusted-types-for`) holds everyone to it.

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */
/** @typedef {Record<string, any>} Attributes */

/**
 * Makes an element. `class` and other names become attributes (`true` an empty one; `false`, `null` and `undefined`
 * none); `onclick` and the like become listeners; names that begin with a dot become properties.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * Makes an element of SVG.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes | null} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes | null | undefined} attributes
 * @param {Child[]} children
 * @returns {E}
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith(".")) /** @type {any} */ (element)[name.slice(1)] = value;
    // What is said to screen readers has to be said in full.
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
  }
  add(element, children);
  return element;
}

/**
 * Adds children at the end.
 * @param {ParentNode} parent
 * @param {Child} child
 */
export function add(parent, child) {
  if (Array.isArray(child)) for (const one of child) add(parent, one);
  else if (child !== null && child !== undefined && child !== false) {
    parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Puts these children in the place of all there were.
 * @template {ParentNode} P
 * @param {P} parent
 * @param {...Child} children
 * @returns {P}
 */
export function put(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
  return parent;
}

/**
 * The first element within that fits; it has to be there.
 * @template {Element} [E=HTMLElement]
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {E}
 */
export function within(parent, selector) {
  const found = parent.querySelector(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return /** @type {E} */ (found);
}
