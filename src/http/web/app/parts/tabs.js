// Several views of one thing, of which one is shown.

import { el, put } from "../core/dom.js";

/** @typedef {{id: string, words: string, make: () => HTMLElement}} Tab */

let count = 0;

/**
 * @param {string} label What they are views of.
 * @param {Tab[]} all Each is made when it is first shown.
 * @param {{at?: string | null, onchange?: (id: string) => void, class?: string}} [options]
 * @returns {{element: HTMLElement, panel: HTMLElement, choose: (id: string) => void}}
 */
export function tabs(label, all, { at, onchange, class: more = "" } = {}) {
  const own = (count += 1);
  /** @type {Map<string, HTMLElement>} */
  const made = new Map();
  const panel = el("div", { role: "tabpanel", id: `panel-${own}`, class: "tab-panel" });
  const choose = (/** @type {string} */ id) => {
    const tab = all.find((one) => one.id === id) ?? all[0];
    for (const button of buttons) {
      const isChosen = button.id === `tab-${own}-${tab.id}`;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", `tab-${own}-${tab.id}`);
    const shown = made.get(tab.id) ?? tab.make();
    made.set(tab.id, shown);
    put(panel, shown);
  };
  const press = (/** @type {string} */ id) => (choose(id), onchange?.(id));
  const buttons = all.map(({ id, words }) =>
    el("button", { role: "tab", type: "button", id: `tab-${own}-${id}`, "aria-controls": panel.id, onclick: () => press(id) }, words),
  );
  const element = el(
    "div",
    {
      role: "tablist",
      class: `tabs ${more}`,
      "aria-label": label,
      onkeydown: (/** @type {KeyboardEvent} */ event) => step(event, buttons),
    },
    buttons,
  );
  choose(at ?? all[0].id);
  return { element, panel, choose };
}

/**
 * Arrow keys go from one to the next.
 * @param {KeyboardEvent} event
 * @param {HTMLButtonElement[]} buttons
 */
function step(event, buttons) {
  const from = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
  const isLeftToRight = getComputedStyle(buttons[0]).direction === "ltr";
  const way = { ArrowRight: isLeftToRight ? 1 : -1, ArrowLeft: isLeftToRight ? -1 : 1 }[event.key];
  const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : way && (from + way + buttons.length) % buttons.length;
  if (from < 0 || to === undefined) return;
  event.preventDefault();
  buttons[to].focus();
  buttons[to].click();
}
