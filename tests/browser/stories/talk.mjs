// Two people at two nodes, one of them reading from right to left: what the one does, the other sees by itself.

import { eventually, holds, is } from "../lib/hold.mjs";

export default async function talk(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await Promise.all([amina.ask("profile", "--name", "Amina"), basim.ask("profile", "--name", "باسم")]);
  await basim.ask("post", "أول كلمة");
  const [hers, his] = await Promise.all([story.person(amina), story.person(basim, { language: "ar" })]);

  await story.step("a post goes from one page to the other", async () => {
    await write(hers, "Who comes to the door?");
    await arrives(his, "Who comes to the door?");
    holds(await his.post("Who comes to the door?").evaluate((element) => getComputedStyle(element.querySelector("p")).direction === "ltr"), "English is set from right to left");
    await Promise.all([hers.picture("talk-amina"), his.picture("talk-basim")]);
  });

  await story.step("an answer comes back, and its author is told at once", async () => {
    const counted = async () => Number(/\d+/.exec(await hers.page.getByRole("link", { name: new RegExp(`^${hers.w("nav.notifications")}`) }).first().textContent())?.[0] ?? 0);
    const before = await counted();
    await his.about("button", "post.reply", his.post("Who comes to the door?")).click();
    await fill(his, "أنا، ومعي التمر", "write.reply");
    await eventually("one more is counted", async () => (await counted()) === before + 1);
    await hers.go("/notifications");
    const answer = hers.post("أنا، ومعي التمر");
    await hers.sees(answer);
    holds(await answer.evaluate((element) => getComputedStyle([...element.querySelectorAll("p")].at(-1)).direction === "rtl"), "Arabic is set from left to right");
  });

  await story.step("a like, an emoji, a share and a follow are told while one looks", async () => {
    const post = his.post("Who comes to the door?");
    const like = his.about("button", "post.like", post).first();
    await like.click();
    await eventually("it is pressed", async () => (await like.getAttribute("aria-pressed")) === "true");
    await hers.sees(hers.says("notices.reaction"));
    await his.about("button", "post.repost", post).first().click();
    await hers.sees(hers.says("notices.repost"));
    await his.about("button", "post.react", post).first().click();
    await his.page.getByRole("searchbox", { name: his.w("emoji.search") }).fill("party");
    await his.page.locator("[data-emoji]").first().click();
    await hers.sees(hers.page.getByRole("article").getByText("🎉").or(hers.says("notices.reaction.emoji")).first());
    await hers.picture("talk-notifications");
  });

  await story.step("a conversation that one looks at goes on by itself", async () => {
    const { majlis } = await amina.has("أنا، ومعي التمر");
    await hers.go(`/posts/${majlis.id}`);
    await hers.sees(hers.post("أنا، ومعي التمر"));
    const [answer] = (await basim.timeline()).filter((status) => status.majlis.text === "أنا، ومعي التمر");
    await basim.ask("post", "--reply-to", answer.majlis.id, "وصلت");
    await hers.sees(hers.post("وصلت"));
  });

  await story.step("what is edited and taken back changes under the eyes of whoever reads it", async () => {
    await his.go("/home");
    await his.sees(his.post("Who comes to the door?"));
    const { id } = await amina.has("Who comes to the door?");
    await amina.api("PUT", `/api/v1/statuses/${id}`, { status: "Who came to the door?" });
    await his.sees(his.post("Who came to the door?"));
    await amina.api("DELETE", `/api/v1/statuses/${id}`);
    await his.seesNot(his.post("Who came to the door?"));
  });

  await story.step("whoever is not wanted any more is gone at once, and back when it is thought better of", async () => {
    await hers.go(`/@${basim.key}`);
    await hers.about("button", "people.following").first().click();
    await hers.sees(hers.about("button", "people.follow").first());
    await hers.button("action.undo").click();
    await hers.sees(hers.about("button", "people.following").first());
    is((await amina.ask("following")).length, 1);
  });
}

async function write(person, text) {
  await person.page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
  await fill(person, text, "write.post");
}

async function fill(person, text, key) {
  const dialog = person.page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: person.w("write.text") }).fill(text);
  await dialog.getByRole("button", { name: person.w(key), exact: true }).click();
  await person.seesNot(dialog);
}

/** It is there, or it is told that there is something, which is then looked at. */
async function arrives(person, text) {
  await eventually(`“${text}” is shown`, async () => {
    const pill = person.says("feed.new");
    if (await pill.isVisible()) await pill.click();
    return person.post(text).isVisible();
  });
}
