// What others write to do harm stays what it is: text, in its own place.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ENGLISH, HOSTILE, hugePicture } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";
import { outside, runsForward } from "../lib/measure.mjs";
import { LANGUAGES } from "../lib/words.mjs";

const OVERRIDE = "\u202e";

export default async function hostile(story) {
  const [amina, mallory] = await story.circle("amina", "mallory");
  const huge = join(story.folder, "huge.png");
  writeFileSync(huge, hugePicture(9_900));
  await mallory.ask("profile", "--name", `Mal${OVERRIDE}yrol`, "--bio", `${HOSTILE.script} ${HOSTILE.link} ${HOSTILE.override}`, "--field", `${HOSTILE.override}=${HOSTILE.script}`);
  const own = await amina.one("post", ENGLISH, "--lang", "en");
  await mallory.has(ENGLISH);
  const said = {};
  for (const name of ["script", "link", "override", "zalgo", "word", "tags"]) said[name] = await mallory.one("post", `${name} ${HOSTILE[name]}`);
  said.huge = await mallory.one("post", "huge", "--attach", huge, "--alt", HOSTILE.override);
  said.warned = await mallory.one("post", "warned", "--cw", `${HOSTILE.override}${HOSTILE.script}`.slice(0, 200));
  said.asked = await mallory.one("post", "asked", "--poll", `${HOSTILE.override}`, `${HOSTILE.script}`.slice(0, 200), "--closes", "2d");
  await mallory.ask("post", "--reply-to", own.id, `reply ${HOSTILE.override}`);
  await mallory.ask("react", own.id);
  await mallory.ask("repost", own.id);
  await mallory.ask("post", "a quiet neighbour");
  await amina.has("a quiet neighbour");

  for (const language of LANGUAGES) await story.step(`wherever it is shown, ${language}`, () => everywhere(story, amina, mallory, said, language));

  const person = await story.person(amina, { width: 320, height: 700 });
  const { page } = person;

  await story.step("links lead only where links may lead", async () => {
    const hrefs = await page.evaluate(() => [...document.querySelectorAll("[href], [src], [action]")].flatMap((element) => ["href", "src", "action"].map((name) => element.getAttribute(name)).filter(Boolean)));
    is(hrefs.filter((href) => !/^(\/|https?:|blob:|data:image\/|#)/.test(href)), []);
  });

  await story.step("a name that turns round turns nothing beside it", async () => {
    const post = person.post("a quiet neighbour");
    const times = await page.getByRole("article").locator("time").all();
    for (const time of times.slice(0, 12)) holds(await runsForward(time), `“${await time.textContent()}” is turned round`);
    await person.sees(post);
    await person.go("/notifications");
    await person.sees(page.getByRole("article").filter({ hasText: "yrol" }).first());
    for (const sentence of await page.getByRole("article").filter({ hasText: "yrol" }).locator("p").filter({ has: page.locator("time") }).all()) {
      holds(await runsForward(sentence), `“${await sentence.textContent()}” is turned round`);
    }
    for (const time of await page.getByRole("article").locator("time").all()) holds(await runsForward(time), `“${await time.textContent()}” is turned round`);
    await person.picture("hostile-notifications");
  });

  await story.step("letters that pile up stay within their post", async () => {
    await person.go("/home");
    const article = person.post("zalgo");
    await article.scrollIntoViewIfNeeded();
    const spills = await article.evaluate((element) => {
      for (let inner = element.querySelector("p"); inner && inner !== element.parentElement; inner = inner.parentElement) {
        const { overflowX, overflowY, contain } = getComputedStyle(inner);
        if (overflowY !== "visible" || overflowX !== "visible" || /paint|content|strict/.test(contain)) return false;
      }
      return true;
    });
    await person.picture("hostile-zalgo");
    holds(!spills, "nothing keeps them in");
  });

  await story.step("what is very long does not take the page for itself", async () => {
    for (const name of ["word", "tags", "huge"]) {
      const article = person.post(name);
      await article.scrollIntoViewIfNeeded();
      const { height } = await article.boundingBox();
      holds(height < 2_500, `the post with the ${name} is ${height} px high`);
    }
  });

  await story.step("a picture of a hundred million dots is shown small, and opened without harm", async () => {
    const article = person.post("huge");
    await article.scrollIntoViewIfNeeded();
    const image = article.getByRole("img").or(article.locator("img")).last();
    await eventually("it is drawn", () => image.evaluate((element) => element.complete && element.naturalWidth > 0));
    const { width } = await image.evaluate((element) => ({ width: element.naturalWidth }));
    holds(width > 0 && width <= 2_000, `${width} px are drawn for the timeline`);
  });

  await story.step("a picture that is too large is refused where it was chosen, and nothing else is lost", async () => {
    person.forgive(/422 \(Unprocessable/);
    await person.go("/write");
    const field = page.getByRole("textbox", { name: person.w("write.text") });
    await field.fill("With a picture");
    await page.locator("input[type=file]").first().setInputFiles({ name: "too-large.png", mimeType: "image/png", buffer: hugePicture(12_000) });
    const card = page.getByRole("listitem").filter({ hasText: "too-large.png" });
    await person.sees(person.says("error.refused", card));
    is(await outside(page), []);
    await person.picture("hostile-too-large");
    await person.button("files.remove", {}, card).click();
    is(await field.inputValue(), "With a picture");
  });

  await story.step("a page of its own for each of them opens", async () => {
    for (const [name, { id }] of Object.entries(said)) {
      await person.go(`/posts/${id}`);
      await person.sees(page.getByRole("article").first());
      is(await outside(page), [], name);
      is(await page.evaluate(() => window.harmed), undefined, name);
    }
  });
}

async function everywhere(story, amina, mallory, said, language) {
  const person = await story.person(amina, { language, width: 320, height: 700 });
  const faults = [];
  for (const path of ["/home", `/@${mallory.key}`, "/notifications", "/mentions", "/search?q=script", "/people", `/posts/${said.word.id}`]) {
    await person.go(path);
    await person.picture(`hostile-${language}-${path.split(/[/?]/)[1].slice(0, 6)}`);
    for (const width of [320, 1280]) {
      await person.page.setViewportSize({ width, height: 700 });
      await person.settled();
      faults.push(...(await outside(person.page)).map((fault) => `${path} at ${width} px: ${fault}`));
    }
    await person.page.setViewportSize({ width: 320, height: 700 });
    if (await person.page.evaluate(() => window.harmed)) faults.push(`${path}: a script has run`);
  }
  await person.context.close();
  is(faults, []);
}
