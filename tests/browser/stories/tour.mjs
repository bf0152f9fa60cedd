// Every page, in every language, by day and by night, on small and large screens: everything is in reach, nothing moves
// by itself, and nothing keeps anyone out.

import { holds, is } from "../lib/hold.mjs";
import { furnished } from "../lib/house.mjs";
import { barriers, outside, shifts, watchShifts } from "../lib/measure.mjs";
import { pagesOf } from "../lib/pages.mjs";
import { LANGUAGES } from "../lib/words.mjs";

const WIDTHS = [1280, 768, 320];
/** The first two at 200 percent. */
const ZOOMED = [640, 384];
const MAX_SHIFT = 0.05;

/** What opens over a page, and how; those that only a small screen has are told by their width. */
const SHEETS = {
  composer: ({ person }) => person.link("nav.write").filter({ visible: true }).first().click(),
  "composer-reply": ({ person, post }) => person.about("button", "post.reply", post("As she says")).click(),
  menu: ({ person, post }) => person.about("button", "post.more", post("As she says")).click(),
  emoji: ({ person, post }) => person.about("button", "post.react", post("As she says")).click(),
  lightbox: ({ person, post }) => post("What I saw").getByRole("button", { name: person.w("media.open", { what: "" }) }).first().click(),
  history: ({ person, post }) => post("Tea is ready").getByRole("button", { name: person.w("post.edited") }).click(),
  help: ({ person }) => person.press("?"),
  more: ({ person, width }) => width < 640 && person.button("nav.more", {}, person.by("navigation", "nav.main")).click(),
};

export default async function tour(story) {
  const house = await furnished(story);
  const pages = await pagesOf(house);
  for (const language of LANGUAGES) {
    const person = await story.person(house.amina, { language, hasWorker: false, before: watchShifts });
    person.forgive(/404 \(Not Found\).*nowhere/);
    for (const [name, path] of Object.entries(pages)) {
      await story.step(`${name}, ${language}`, () => seen(story, person, name, path));
    }
    for (const [name, open] of Object.entries(SHEETS)) {
      await story.step(`${name}, ${language}`, () => sheetSeen(story, person, name, open));
    }
    await person.context.close();
    const stranger = await story.person(house.amina, { language, hasWorker: false, isSignedIn: false });
    await story.step(`sign-in, ${language}`, () => signInSeen(story, stranger));
    await stranger.context.close();
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
    // Once as from a bookmark, else as one goes on. Where nothing is, the node itself says so.
    if (width === 1280 && language === "en" && name !== "nowhere") await person.go(path);
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

/** What opens over the page: everyone can use it, it has its room, and it leads back to where it was opened. */
async function sheetSeen(story, person, name, open) {
  const { page, language } = person;
  const faults = new Map();
  const wrong = (where, found) => found.forEach((one) => faults.set(one, [...(faults.get(one) ?? []), where]));
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: width < 640 ? 720 : 900 });
    await person.walk("/home");
    const opened = page.locator("dialog[open], [popover]:popover-open").last();
    if ((await open({ person, width, post: (text) => person.post(text) })) === false) continue;
    await person.sees(opened);
    await person.settled();
    wrong(`${width} px`, [...(await outside(page)), ...(await opened.evaluate(notSeen))]);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      await person.picture(`over-${name}-${language}-${theme}-${width}`);
      wrong(`${width} px, ${theme}`, await barriers(page, story.world.require));
    }
    await page.emulateMedia({ colorScheme: "light" });
    await person.press("Escape");
    await person.seesNot(opened);
    if (name !== "help" && (await page.evaluate(() => document.activeElement === document.body))) wrong(`${width} px`, ["the focus is lost"]);
  }
  holds(faults.size === 0, [name, ...[...faults].map(([fault, where]) => `${fault} (${where.join("; ")})`)].join("\n"));
}

/** In the page: what of a sheet lies outside of the window, and which of its links show no words. */
function notSeen(sheet) {
  const { left, top, right, bottom } = sheet.getBoundingClientRect();
  const isOut = left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  const isShown = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return [...range.getClientRects()].some(({ width, height }) => width > 4 && height > 4) && getComputedStyle(element).clipPath === "none";
  };
  const bare = [...sheet.querySelectorAll("nav a")].filter((link) => ![...link.querySelectorAll("span, bdi")].some((words) => words.textContent.trim() && isShown(words) && words.getBoundingClientRect().width > 4));
  return [...(isOut ? [`it lies at ${left} ${top} ${right} ${bottom}`] : []), ...bare.map((link) => `“${link.textContent.trim()}” is not to be read`)];
}

async function signInSeen(story, person) {
  const { page, language } = person;
  await page.goto(person.node.http);
  await person.sees(person.by("heading", "signin.title"));
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 720 });
    is(await outside(page), [], `${width} px`);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      await person.picture(`sign-in-${language}-${theme}-${width}`);
      is(await barriers(page, story.world.require), [], `${width} px, ${theme}`);
    }
  }
}
