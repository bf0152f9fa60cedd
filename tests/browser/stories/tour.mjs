// Every page, in every language, by day and by night, on small and large screens: everything is in reach, nothing moves
// by itself, and nothing keeps anyone out.

import { holds } from "../lib/hold.mjs";
import { furnished } from "../lib/house.mjs";
import { barriers, outside, shifts, watchShifts } from "../lib/measure.mjs";
import { pagesOf } from "../lib/pages.mjs";
import { LANGUAGES } from "../lib/words.mjs";

const WIDTHS = [1280, 768, 320];
/** The first two at 200 percent. */
const ZOOMED = [640, 384];
const MAX_SHIFT = 0.05;

export default async function tour(story) {
  const house = await furnished(story);
  const pages = await pagesOf(house);
  for (const language of LANGUAGES) {
    const person = await story.person(house.amina, { language, hasWorker: false, before: watchShifts });
    person.forgive(/404 \(Not Found\).*nowhere/);
    for (const [name, path] of Object.entries(pages)) {
      await story.step(`${name}, ${language}`, () => seen(story, person, name, path));
    }
    await person.context.close();
  }
}

/** Looks at one page at all widths; what is wrong with it is told at once. */
async function seen(story, person, name, path) {
  const { page, language } = person;
  /** Where each fault is seen. */
  const faults = new Map();
  const wrong = (where, found) => found.forEach((one) => faults.set(one, [...(faults.get(one) ?? []), where]));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 700 ? 720 : 900 });
    await page.evaluate(() => (window.shifts = []));
    // Once as from a bookmark, else as one goes on.
    if (width === 1280 && language === "en") await person.go(path);
    else await person.walk(path);
    const { sum, moved } = await shifts(page);
    if (sum >= MAX_SHIFT) wrong(`${width} px`, [`moves by itself by ${sum.toFixed(3)}`, ...moved.slice(0, 4)]);
    wrong(`${width} px`, await outside(page));
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      await person.picture(`${name}-${language}-${theme}-${width}`);
      if (width !== 768) wrong(`${width} px, ${theme}`, await barriers(page, story.world.require));
    }
    await page.emulateMedia({ colorScheme: "light" });
  }
  for (const width of ZOOMED) {
    await page.setViewportSize({ width, height: 450 });
    await person.settled();
    wrong(`${width} px`, await outside(page));
  }
  holds(faults.size === 0, [path, ...[...faults].map(([fault, where]) => `${fault} (${where.join("; ")})`)].join("\n"));
}
