// The rooms beside the timeline: what is put into each is there, and what is taken out is gone.

import { ENGLISH } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";

export default async function places(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  const celine = await story.node("celine");
  await Promise.all([basim.ask("profile", "--name", "Basim"), celine.ask("profile", "--name", "Celine")]);
  const own = await amina.one("post", ENGLISH);
  await basim.ask("post", "All about #tea");
  await basim.ask("post", "All about the match");
  await amina.has("All about the match");
  await eventually("his name is here", async () => (await amina.has("All about #tea")).account.display_name === "Basim");
  const person = await story.person(amina);
  const { page } = person;

  await story.step("a bookmark is put, found and taken away", async () => {
    const mark = person.about("button", "post.bookmark", person.post("All about #tea"));
    await mark.click();
    await eventually("the node has it", async () => (await amina.api("GET", "/api/v1/bookmarks")).length === 1);
    await person.walk("/bookmarks");
    await person.sees(person.post("All about #tea"));
    await person.about("button", "post.bookmark", person.post("All about #tea")).click();
    await eventually("it is gone", async () => (await amina.api("GET", "/api/v1/bookmarks")).length === 0);
  });

  await story.step("a tag leads to its page, and is followed there", async () => {
    await person.walk("/home");
    await person.post("All about #tea").getByRole("link", { name: "#tea" }).click();
    await page.waitForURL(/\/tags\/tea$/);
    await person.settled();
    await person.sees(person.post("All about #tea"));
    await person.about("button", "people.follow").first().click();
    await eventually("it is followed", async () => (await amina.api("GET", "/api/v1/followed_tags")).length === 1);
    await person.walk("/tags");
    await person.sees(page.getByRole("link", { name: "tea" }).first());
  });

  await story.step("people, tags and posts are looked for while one types", async () => {
    await person.walk("/search");
    const box = page.getByRole("main").getByRole("searchbox").or(page.getByRole("main").getByRole("combobox")).first();
    await box.pressSequentially("tea");
    await person.sees(person.post("All about #tea"));
    await box.fill("Basim");
    await person.sees(page.getByRole("main").getByRole("link", { name: "Basim" }).first());
    await box.fill("xylophone");
    await eventually("it says that there is nothing", async () => (await page.getByRole("article").count()) === 0 && (await page.getByRole("main").getByRole("heading", { level: 2 }).first().isVisible()));
  });

  await story.step("a list is made, and has the posts of those on it", async () => {
    await person.walk("/lists");
    await page.getByRole("main").getByRole("textbox").first().fill("أصدقاء");
    await person.press("Enter");
    await eventually("the node has it", async () => (await amina.api("GET", "/api/v1/lists")).length === 1);
    const [list] = await amina.api("GET", "/api/v1/lists");
    is(list.title, "أصدقاء");
    const id = (await amina.has("All about #tea")).account.id;
    await amina.api("POST", `/api/v1/lists/${list.id}/accounts`, { account_ids: [id] });
    await person.walk(`/lists/${list.id}`);
    await person.sees(person.post("All about #tea"));
    is(await page.getByRole("article").filter({ hasText: ENGLISH }).count(), 0);
  });

  await story.step("someone at the door is let in, and what they said is there", async () => {
    await celine.follow(amina);
    await celine.has(ENGLISH);
    await celine.ask("post", "--reply-to", own.id, "May I come in?");
    const badge = page.getByRole("link", { name: new RegExp(`^${person.w("nav.requests")} *1`) });
    await person.sees(badge.first());
    await person.walk("/requests");
    const row = page.getByRole("listitem").filter({ hasText: "May I come in?" }).last();
    await person.sees(row);
    await person.picture("places-door");
    await person.button("door.accept", {}, row).click();
    await person.seesNot(row);
    is((await amina.ask("requests")).length, 0);
    await person.walk("/mentions");
    await person.sees(person.post("May I come in?"));
  });

  await story.step("what a filter folds is folded, and can be seen all the same", async () => {
    await amina.ask("filter", "add", "the match");
    await person.go("/home");
    const folded = page.getByRole("article").filter({ hasText: person.w("post.filtered") });
    await person.sees(folded);
    is(await page.getByText("All about the match").count(), 0);
    await person.button("post.show", {}, folded).click();
    await person.sees(page.getByText("All about the match"));
  });

  await story.step("a draft that was kept on the command line is gone on with", async () => {
    await amina.ask("post", "--draft", "Begun in a terminal");
    await person.walk("/drafts");
    await person.sees(page.getByText("Begun in a terminal"));
    await person.about("button", "drafts.goOn").first().click();
    const field = page.getByRole("textbox", { name: person.w("write.text") });
    await person.sees(field);
    is(await field.inputValue(), "Begun in a terminal");
    await field.fill("Ended in a browser");
    await person.button("write.post").click();
    await basim.has("Ended in a browser");
    await eventually("it is no draft any more", async () => (await amina.api("GET", "/api/majlis/v1/drafts")).length === 0);
  });

  await story.step("someone's page says who they are, and a name that one gives them is used", async () => {
    await person.walk(`/@${basim.key}`);
    await person.sees(page.getByRole("heading", { name: "Basim" }).first());
    await person.sees(person.post("All about #tea"));
    await amina.ask("petname", basim.key, "My brother");
    await person.go("/home");
    await person.sees(person.post("All about #tea").getByText("My brother"));
  });

  await story.step("what is new is counted, and not any more once it was looked at", async () => {
    await basim.ask("react", own.id);
    const badge = page.getByRole("link", { name: new RegExp(`^${person.w("nav.notifications")} *[0-9]`) });
    await person.sees(badge.first());
    await badge.first().click();
    await person.settled();
    await eventually("nothing is counted any more", async () => (await badge.count()) === 0);
    holds(await page.getByRole("article").first().isVisible(), "nothing is shown");
  });
}
