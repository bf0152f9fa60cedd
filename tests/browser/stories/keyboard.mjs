// Everything without a mouse: by the keys alone, and it is always seen where one is.

import { ENGLISH } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";

export default async function keyboard(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await basim.ask("profile", "--name", "Basim");
  for (const turn of [1, 2, 3]) await basim.ask("post", `${ENGLISH} (${turn})`);
  await amina.has(`${ENGLISH} (3)`);
  const person = await story.person(amina);
  const { page } = person;
  const focused = (locator) => locator.evaluate((element) => element === document.activeElement || element.contains(document.activeElement));
  const field = page.getByRole("textbox", { name: person.w("write.text") });
  const dialog = page.getByRole("dialog");

  await story.step("the first that is reached leads past the ways to go, to the page", async () => {
    await person.press("Tab");
    const skip = person.link("nav.skip");
    holds(await focused(skip), "it is not the first");
    await person.sees(skip);
    await person.press("Enter");
    holds(await focused(page.getByRole("main").getByRole("heading", { level: 1 })), "it does not lead to the page");
  });

  await story.step("whatever has the focus shows it", async () => {
    await person.go("/home");
    const unseen = [];
    for (let turn = 0; turn < 60; turn += 1) {
      await person.press("Tab");
      const found = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === document.body || element === null) return null;
        const shows = (one) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(one);
          return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
        };
        const { width, height, bottom, top } = element.getBoundingClientRect();
        const isSeen = width > 1 && height > 1 && bottom > 0 && top < innerHeight;
        const around = [element, element.parentElement, element.parentElement?.parentElement].filter(Boolean);
        return around.some(shows) && isSeen ? null : `${element.tagName} “${element.getAttribute("aria-label") ?? element.textContent.slice(0, 40)}”`;
      });
      if (found) unseen.push(found);
    }
    is([...new Set(unseen)], []);
  });

  await story.step("from post to post, and a like", async () => {
    await person.go("/home");
    await person.press("j");
    const newest = person.post("(3)");
    holds(await focused(newest), "the first post has no focus");
    await person.press("j", "k", "l");
    const like = person.about("button", "post.like", newest);
    await eventually("it is liked", async () => (await like.getAttribute("aria-pressed")) === "true");
    await eventually("its author has it", async () => (await basim.api("GET", "/api/v1/notifications")).some(({ type }) => type === "favourite"));
    holds(await focused(newest), "the focus is lost");
  });

  await story.step("writing, and back to where one was", async () => {
    await person.press("n");
    await person.sees(field);
    holds(await focused(field), "one cannot write at once");
    await page.keyboard.type("Written without a mouse");
    await person.press("ControlOrMeta+Enter");
    await person.seesNot(field);
    await basim.has("Written without a mouse");
    await eventually("the focus is where it was", () => focused(person.post("(3)")));
  });

  await story.step("answering, and thinking better of it", async () => {
    await person.press("r");
    await person.sees(field);
    await page.keyboard.type("An answer");
    await person.press("Escape");
    await person.seesNot(field);
    await eventually("the focus is where it was", () => focused(person.post("(3)")));
    await person.press("r");
    await person.sees(field);
    is(await field.inputValue(), "An answer");
    await person.press("ControlOrMeta+Enter");
    await person.seesNot(field);
    await basim.has("An answer");
  });

  await story.step("opening a conversation, and back", async () => {
    await person.press("Enter");
    await page.waitForURL(/\/@|\/posts\//);
    await person.settled();
    await person.press("Backspace");
    await page.waitForURL(/\/home$/);
    await person.settled();
  });

  await story.step("a menu is gone through by arrows, and left where it was opened", async () => {
    const more = person.about("button", "post.more", person.post("(2)"));
    await more.focus();
    await person.press("Enter");
    await person.sees(page.getByRole("menu"));
    holds(await focused(page.getByRole("menuitem").first()), "the first has no focus");
    await person.press("ArrowDown");
    holds(await focused(page.getByRole("menuitem").nth(1)), "the second has no focus");
    await person.press("Escape");
    await person.seesNot(page.getByRole("menu"));
    await eventually("the focus is where it was", () => focused(more));
  });

  await story.step("the keys are told by one of them, and lead everywhere", async () => {
    await page.evaluate(() => document.activeElement.blur());
    await person.press("?");
    await person.sees(dialog);
    await person.sees(dialog.getByText(person.w("keys.repost")));
    holds(await focused(dialog), "the focus is not in the sheet");
    for (let turn = 0; turn < 12; turn += 1) {
      await person.press("Tab");
      holds(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null), "one gets out of the sheet");
    }
    await person.press("Escape");
    await person.seesNot(dialog);
    for (const [keys, path] of [["gn", "/notifications"], ["gs", "/settings"], ["gb", "/bookmarks"], ["gh", "/home"]]) {
      await person.press(...keys);
      await page.waitForURL((url) => url.pathname === path);
      await person.settled();
    }
    await person.press("/");
    await eventually("one can type what is looked for", () => page.evaluate(() => document.activeElement.matches("input[type=search], [role=searchbox], search input, input")));
  });
}
