// What is measured in a page: whether all of it is in reach, whether it holds still, and whether everyone can use it.

import { readFileSync } from "node:fs";

/** Notes how much moves by itself, from the first moment on. */
export function watchShifts(context) {
  return context.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        const moved = entry.sources.map(({ node, previousRect: from, currentRect: to }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return `${element?.tagName.toLowerCase()}.${element?.className?.baseVal ?? element?.className} from ${Math.round(from.x)},${Math.round(from.y)} ${Math.round(from.width)}×${Math.round(from.height)} to ${Math.round(to.x)},${Math.round(to.y)} ${Math.round(to.width)}×${Math.round(to.height)}`;
        });
        window.shifts.push({ value: entry.value, moved });
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** How much has moved by itself since the page was opened, and what. */
export async function shifts(page) {
  const all = await page.evaluate(() => window.shifts);
  return { sum: all.reduce((sum, { value }) => sum + value, 0), moved: [...new Set(all.flatMap(({ moved }) => moved))] };
}

/** What stands out of the window at a side, if the page can be scrolled there. */
export function outside(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.body.querySelectorAll("*")].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (left < -1 || right > innerWidth + 1);
    });
    const deepest = out.filter((element) => !out.some((other) => other !== element && element.contains(other)));
    return [`${root.scrollWidth} px in ${root.clientWidth} px`, ...deepest.slice(0, 5).map((element) => `${element.tagName.toLowerCase()}.${element.className?.baseVal ?? element.className} “${element.textContent.slice(0, 30)}”`)];
  });
}

/** What keeps people out, by axe. */
export async function barriers(page, require) {
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  return page.evaluate(async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.split("\n").slice(1, 3).join(" ").trim().slice(0, 220)}`));
  });
}

/**
 * Whether each letter of a text that is read in one direction stands where it is read: nothing beside has turned it.
 * Names among it are left out, as they are as their owners want them.
 */
export function runsForward(locator) {
  return locator.evaluate((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const places = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      for (let at = 0; at < text.data.length; at += 1) {
        if (text.parentElement.closest("bdi") || !/\p{Script=Latin}|\d/u.test(text.data[at])) continue;
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        const { left, top } = range.getBoundingClientRect();
        places.push({ left, top });
      }
    }
    return places.every(({ left, top }, index) => index === 0 || top > places[index - 1].top + 4 || left > places[index - 1].left);
  });
}
