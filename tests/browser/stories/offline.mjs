// Without a network, and without the node: what can go on goes on, and what cannot says so and comes back by itself.

import { ENGLISH } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";
import { LANGUAGES } from "../lib/words.mjs";

const GONE = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_FAILED|ERR_INCOMPLETE|ERR_SOCKET|WebSocket|Failed to (fetch|load)|FetchEvent/;

export default async function offline(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await basim.ask("post", ENGLISH);
  await amina.has(ENGLISH);
  await alone(story, amina, basim);
  for (const language of LANGUAGES) await away(story, amina, language);
}

/** Others are gone, and the node is not. */
async function alone(story, amina, basim) {
  const person = await story.person(amina);
  const { page } = person;
  await story.step("with nobody else there, one reads, writes, looks for things and goes from page to page", async () => {
    await basim.stop();
    await person.go("/home");
    await person.sees(person.post(ENGLISH));
    is(await page.getByText(person.w("away.banner")).count(), 0);
    const like = person.about("button", "post.like", person.post(ENGLISH));
    await like.click();
    await eventually("it is liked", async () => (await like.getAttribute("aria-pressed")) === "true");
    await person.link("nav.write").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: person.w("write.text") }).fill("Said to nobody yet");
    await person.button("write.post", {}, dialog).click();
    const post = await person.sees(person.post("Said to nobody yet"));
    await person.sees(post.getByText(person.w("delivery.here.short")).first());
    await person.walk("/search?q=nobody");
    await person.sees(person.post("Said to nobody yet"));
    for (const path of ["/notifications", "/data", "/settings", `/@${basim.key}`]) await person.walk(path);
  });

  await story.step("what was said and done meanwhile reaches the others once they are there", async () => {
    await basim.start();
    await basim.has("Said to nobody yet");
    await eventually("the like is there", async () => (await basim.api("GET", "/api/v1/notifications")).some(({ type }) => type === "favourite"));
    await person.walk("/home");
    await person.sees(person.post("Said to nobody yet").getByText(person.w("delivery.held.short", { n: 1, count: 1 })).first());
  });
  await person.context.close();
}

/** The node itself is stopped. */
async function away(story, node, language) {
  const person = await story.person(node, { language });
  const { page } = person;
  const banner = page.getByText(person.w("away.banner"));
  person.forgive(GONE);

  await story.step(`${language}: the page opens while the node is away, and says so`, async () => {
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) await new Promise((taken) => navigator.serviceWorker.addEventListener("controllerchange", taken, { once: true }));
    });
    await node.stop();
    for (const path of ["/home", "/settings", "/@z6Mknobody"]) {
      await page.goto(node.http + path);
      await person.sees(banner);
      await person.sees(page.getByRole("main"));
      is(await page.evaluate(() => document.documentElement.lang), language);
    }
    await page.goto(`${node.http}/home`);
    await person.sees(banner);
    await person.picture(`offline-${language}`);
  });

  await story.step(`${language}: one finds one's way on it`, async () => {
    await person.link("nav.settings").first().click();
    await person.sees(page.getByRole("heading", { level: 1, name: person.w("nav.settings") }));
    await person.link("nav.home").first().click();
    await person.sees(page.getByRole("heading", { level: 1, name: person.w("nav.home") }));
  });

  await story.step(`${language}: once the node is there all comes by itself`, async () => {
    await node.start();
    await person.seesNot(banner);
    await eventually("posts are there, or can be asked for again", async () => {
      const again = person.button("action.again").first();
      if (await again.isVisible()) await again.click();
      return person.post(ENGLISH).isVisible();
    });
    await node.ask("post", `Back again, ${language}`);
    await eventually("what comes is shown", async () => {
      const pill = person.says("feed.new");
      if (await pill.isVisible()) await pill.click();
      return person.post(`Back again, ${language}`).isVisible();
    });
    holds(!(await banner.isVisible()), "it still says that the node is away");
  });
  await person.context.close();
}
