// The first steps, from a node that has just been made to the first post of a friend, in each language.

import { ENGLISH, picture } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";
import { LANGUAGES } from "../lib/words.mjs";

export default async function first(story) {
  const friend = await story.node("friend");
  await friend.ask("profile", "--name", "Basim باسم");
  await friend.ask("post", ENGLISH);
  for (const language of LANGUAGES) await begin(story, friend, language);
  await leave(story);
}

async function begin(story, friend, language) {
  const node = await story.node(`new-${language}`);
  const person = await story.person(node, { language, isSignedIn: false, width: 390, height: 780 });
  const { page } = person;
  const next = (key = "welcome.next") => person.button(key).click();
  const at = (key) => person.sees(person.by("heading", key));

  await story.step(`${language}: the link that the node shows leads to the first steps, once`, async () => {
    await page.goto(node.link);
    await at("welcome.who");
    is(new URL(page.url()).pathname, "/welcome");
    is(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), [language, language === "ar" ? "rtl" : "ltr"]);
    const { code } = /#code=(?<code>.+)/.exec(node.link).groups;
    holds(!person.addresses.some((url) => url.includes(code)) && !page.url().includes(code), "the code is in an address");
    const other = await story.person(node, { language, isSignedIn: false });
    other.forgive(/403 \(Forbidden\)/);
    await other.page.goto(node.link);
    await other.sees(other.by("heading", "signin.title"));
    await other.context.close();
  });

  await story.step(`${language}: a name and a picture`, async () => {
    await page.getByLabel(person.w("welcome.name")).fill("Amina · أمينة");
    await page.locator("input[type=file]").setInputFiles({ name: "face.png", mimeType: "image/png", buffer: picture(200, 200) });
    await next();
    await at("welcome.phrase");
    const me = await node.api("GET", "/api/v1/accounts/verify_credentials");
    is(me.display_name, "Amina · أمينة");
    holds(!me.avatar.includes("/static/"), "there is no picture");
  });

  await story.step(`${language}: the recovery phrase is written down and checked`, async () => {
    const list = person.by("list", "recovery.words");
    await person.sees(list);
    const phrase = (await list.getByRole("listitem").allInnerTexts()).map((line) => line.match(/\p{Script=Latin}+/u)[0]);
    is(phrase.join(" "), (await node.one("recovery", "show")).phrase);
    await person.button("recovery.written").click();
    const boxes = await page.getByRole("textbox").all();
    for (const box of boxes) await box.fill("zebra");
    await person.button("recovery.check").click();
    await person.sees(page.getByRole("alert").filter({ hasText: /./ }));
    await person.button("recovery.again").click();
    await person.sees(list);
    await person.button("recovery.written").click();
    for (const box of await page.getByRole("textbox").all()) {
      const label = await box.evaluate((element) => element.labels[0].textContent);
      const place = phrase.findIndex((_, index) => person.w("recovery.word", { at: index + 1 }) === label);
      holds(place >= 0, `no place in ${label}`);
      await box.fill(phrase[place]);
    }
    await person.button("recovery.check").click();
    await at("welcome.usage");
    is((await node.one("id")).phrase_unconfirmed, false);
  });

  await story.step(`${language}: what may be done with what one says`, async () => {
    holds(await person.about("radio", "usage.training").isChecked(), "no training is not proposed");
    is((await node.one("usage")).aipref ?? null, null, "something is set before it is chosen:");
    await person.about("radio", "usage.ai").check();
    await next();
    await at("welcome.invite");
    const said = await node.one("usage");
    holds(/train-ai=n/.test(JSON.stringify(said)) && said.syntheticContentGeneration === false, JSON.stringify(said));
  });

  await story.step(`${language}: an invite, as a picture and as words`, async () => {
    const code = page.getByRole("img", { name: person.w("invite.picture") });
    await person.sees(code);
    const { width, height } = await code.boundingBox();
    holds(width > 150 && Math.abs(width - height) < 2, `the picture has ${width} by ${height}`);
    is(await page.getByLabel(person.w("invite.link"), { exact: true }).inputValue(), await node.invite());
    await next();
    await at("welcome.follow");
  });

  await story.step(`${language}: a friend is followed by their invite, and what they said is there`, async () => {
    await page.getByLabel(person.w("follow.label")).fill(await friend.invite());
    await person.button("follow.look").click();
    await person.about("button", "people.follow").click();
    await person.sees(person.about("button", "people.following"));
    await next("welcome.done");
    await person.sees(person.post(ENGLISH));
    is(new URL(page.url()).pathname, "/home");
  });

  await story.step(`${language}: what the friend says now comes by itself`, async () => {
    await friend.ask("post", `Hello from afar, ${language}`);
    await eventually("it is shown, or told of", async () => {
      const pill = person.says("feed.new");
      if (await pill.isVisible()) await pill.click();
      return person.post(`Hello from afar, ${language}`).isVisible();
    });
    await person.picture(`first-${language}`);
  });
}

/** Whoever wants none of it is asked no more. */
async function leave(story) {
  const node = await story.node("alone");
  const person = await story.person(node, { isSignedIn: false });
  await story.step("who puts the first steps off finds an empty house that says what to do, and is not asked again", async () => {
    await person.page.goto(node.link);
    await person.button("welcome.skip").first().click();
    await person.settled();
    is(new URL(person.page.url()).pathname, "/home");
    is(await person.page.getByRole("article").count(), 0);
    holds(await person.page.getByRole("main").getByRole("heading").count() > 1, "nothing is said");
    await person.picture("first-alone");
    await person.go("/home");
    is(new URL(person.page.url()).pathname, "/home");
  });
}
