// Writing: all that a post can have, on its way to another node; and nothing of what was written is ever lost.

import { picture } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";

export default async function writing(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await basim.ask("profile", "--name", "Basim");
  await basim.ask("post", "All about #teapots");
  await amina.has("All about #teapots");
  await eventually("his name is here", async () => (await amina.has("All about #teapots")).account.display_name === "Basim");
  const person = await story.person(amina);
  const { page } = person;
  const field = page.getByRole("textbox", { name: person.w("write.text") });
  const dialog = page.getByRole("dialog");
  const tool = (key) => dialog.getByRole("button", { name: person.w(key), exact: true });
  const write = async (text) => {
    await person.page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
    await person.sees(field);
    if (text) await field.fill(text);
  };
  const send = async (key = "write.post") => {
    await tool(key).click();
    await person.seesNot(field);
  };

  await story.step("someone is addressed by their name, and told of it", async () => {
    await write();
    await field.pressSequentially("Good morning @Basi");
    await person.sees(page.getByRole("option", { name: /Basim/ }));
    await person.press("Enter");
    await field.pressSequentially("how are you?");
    await send();
    const post = await person.sees(person.post("how are you?"));
    await person.sees(post.getByRole("link", { name: "@Basim" }));
    const there = await eventually("he has it", async () => (await basim.timeline()).find(({ majlis }) => majlis.text.includes("how are you?")));
    is(there.mentions.map(({ id }) => id.length > 0), [true]);
    await eventually("he is told", async () => (await basim.api("GET", "/api/v1/notifications")).some(({ type }) => type === "mention"));
  });

  await story.step("tags and emoji are completed, and chosen from a board", async () => {
    await write();
    await field.pressSequentially("We have #teap");
    await person.sees(page.getByRole("option", { name: "teapots" }));
    await person.press("ArrowDown", "Enter");
    await field.pressSequentially(":teacup");
    await person.sees(page.getByRole("option").first());
    await person.press("Enter");
    await tool("emoji.title").click();
    await page.getByRole("searchbox", { name: person.w("emoji.search") }).fill("grinning face");
    await page.getByRole("button", { name: "grinning face", exact: true }).first().click();
    const typed = await field.inputValue();
    holds(/^We have #teapots 🍵 ?😀/u.test(typed), typed);
    await send();
    const { majlis, tags } = await basim.has(typed.trim());
    is([majlis.text, tags.map(({ name }) => name)], [typed.trim(), ["teapots"]]);
  });

  await story.step("pictures are pasted, dragged and chosen; words for them are asked for once", async () => {
    await write("Three pictures");
    const bytes = picture(300, 200).toString("base64");
    await page.evaluate(async (data) => {
      const made = new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], { type: "image/png" });
      await navigator.clipboard.write([new ClipboardItem({ "image/png": made })]);
    }, bytes);
    await field.focus();
    await person.press("ControlOrMeta+v");
    const words = dialog.getByRole("textbox", { name: person.w("files.alt"), exact: true });
    await eventually("one is there", async () => (await words.count()) === 1);
    await dialog.locator("textarea").first().evaluate((element, data) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], "dragged.png", { type: "image/png" }));
      for (const name of ["dragenter", "dragover", "drop"]) element.dispatchEvent(new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, bytes);
    await eventually("two are there", async () => (await words.count()) === 2);
    await dialog.locator("input[type=file]").first().setInputFiles({ name: "chosen.png", mimeType: "image/png", buffer: picture(200, 300) });
    await eventually("three are there", async () => (await words.count()) === 3);
    await words.first().fill("منحدر من الألوان");
    await person.picture("writing-pictures");
    await tool("write.post").click();
    await tool("write.alt.describe").click();
    holds(await words.nth(1).evaluate((element) => element === document.activeElement), "the focus is not where words are missing");
    await words.nth(1).fill("dragged");
    await words.nth(2).fill("chosen");
    await send();
    const there = await basim.has("Three pictures");
    is(there.media_attachments.map(({ description }) => description), ["منحدر من الألوان", "dragged", "chosen"]);
    holds(there.media_attachments.every(({ blurhash, meta }) => blurhash && meta.original.width), "what is known of them has not come along");
  });

  await story.step("a warning, a language, how it was made, and what may be done with it", async () => {
    await write("The butler did it");
    await tool("write.warning").click();
    await dialog.getByRole("textbox", { name: person.w("write.warning") }).fill("How the book ends");
    await dialog.getByRole("button", { name: new RegExp(`^${person.w("write.language")}`) }).click();
    await page.getByRole("combobox", { name: person.w("write.language.search") }).fill("Welsh");
    await person.press("Enter");
    await tool("write.more").click();
    await person.about("combobox", "source.title", dialog).selectOption({ index: 1 });
    await person.about("combobox", "usage.post", dialog).selectOption("train-ai=n");
    await person.picture("writing-more");
    await send();
    const there = await basim.has("The butler did it");
    is([there.spoiler_text, there.language, there.majlis.usage.aipref], ["How the book ends", "cy", "train-ai=n"]);
    holds(there.majlis.source_type, "how it was made is not said");
  });

  await story.step("a poll, in which the other one votes", async () => {
    await write("Tea or coffee?");
    await tool("write.poll.title").click();
    const option = (n) => dialog.getByRole("textbox", { name: person.w("write.poll.option", { n }), exact: true });
    await option(1).fill("Tea");
    await tool("write.post").click();
    await person.sees(dialog.getByRole("alert").filter({ hasText: person.w("write.poll.few") }));
    await option(2).fill("قهوة");
    await send();
    const { majlis } = await basim.has("Tea or coffee?");
    await basim.ask("vote", majlis.id, "1");
    const post = person.post("Tea or coffee?");
    await eventually("the vote is there", async () => (await amina.has("Tea or coffee?")).poll.votes_count === 1);
    await page.reload();
    await post.getByRole("button", { name: person.w("poll.peek") }).click();
    await person.sees(post.getByText("100%"));
  });

  await story.step("it is said that another node holds it", async () => {
    await write("Who has this?");
    await send();
    const post = person.post("Who has this?");
    await person.sees(post);
    await basim.has("Who has this?");
    await person.sees(post.getByText(person.w("delivery.held.short", { n: 1, count: 1 })).first());
  });

  await story.step("it is edited, and taken back; there is time to think better of it", async () => {
    const more = (text) => person.about("button", "post.more", person.post(text)).click();
    await more("Who has this?");
    await person.by("menuitem", "post.edit").click();
    await person.sees(field);
    is(await field.inputValue(), "Who has this?");
    await field.fill("Who has that?");
    await send("action.save");
    await person.sees(person.post("Who has that?").getByRole("button", { name: person.w("post.edited") }));
    const there = await basim.has("Who has that?");
    holds(there.edited_at, "it is not marked as edited");
    await more("Who has that?");
    await person.by("menuitem", "post.delete").click();
    await person.seesNot(person.post("Who has that?"));
    await person.button("action.undo").click();
    await person.sees(person.post("Who has that?"));
    await more("Who has that?");
    await person.by("menuitem", "post.delete").click();
    await eventually("it is gone there as well", async () => !(await basim.timeline()).some(({ majlis }) => majlis.id === there.majlis.id));
    await person.seesNot(person.post("Who has that?"));
  });

  await story.step("what was begun is there when the window was closed in between", async () => {
    await write("Half a thou");
    await field.pressSequentially("ght");
    await person.page.close({ runBeforeUnload: false });
    person.page = await person.context.newPage();
    await person.go("/home");
    const again = person.page.getByRole("textbox", { name: person.w("write.text") });
    await person.page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
    await person.sees(again);
    is(await again.inputValue(), "Half a thought");
    await again.fill("A whole thought");
    await person.page.getByRole("dialog").getByRole("button", { name: person.w("write.post"), exact: true }).click();
    await person.sees(person.post("A whole thought"));
    await basim.has("A whole thought");
  });

  await person.context.close();
  await killed(story, amina, basim);
}

/** The node is gone from one moment to the next, in the middle of it. */
async function killed(story, amina, basim) {
  const person = await story.person(amina);
  const { page } = person;
  const field = page.getByRole("textbox", { name: person.w("write.text") });
  const post = page.getByRole("dialog").getByRole("button", { name: person.w("write.post"), exact: true });
  const own = async (text) => (await amina.ask("timeline", "--limit", "100000")).filter((one) => one.text === text).length;
  person.forgive(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET|WebSocket|Failed to fetch|Failed to load resource/);

  await story.step("the node is killed while one writes: nothing is lost, and it is sent once, by itself", async () => {
    await page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
    await field.pressSequentially("Written in");
    await amina.kill();
    await field.pressSequentially(" the dark");
    await post.click();
    await person.sees(page.getByText(person.w("away.banner")));
    await person.seesNot(field);
    await person.sees(page.getByRole("article").filter({ hasText: "Written in the dark" }));
    await person.picture("writing-away");
    await amina.start();
    await person.seesNot(page.getByText(person.w("away.banner")));
    await basim.has("Written in the dark");
    await eventually("nothing waits any more", async () => (await person.page.getByRole("region", { name: person.w("outbox.title") }).count()) === 0);
    is(await own("Written in the dark"), 1);
  });

  await story.step("the node is killed while it takes a post: it is there once", async () => {
    await page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
    await field.fill("Sent at the last moment");
    await Promise.all([post.click(), page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/v1/statuses")).then(() => amina.kill())]);
    await amina.start();
    await basim.has("Sent at the last moment");
    await eventually("nothing waits any more", async () => !(await page.getByText(person.w("away.banner")).isVisible()) && (await page.getByRole("region", { name: person.w("outbox.title") }).count()) === 0);
    is(await own("Sent at the last moment"), 1);
  });

  await story.step("what waits is sent after the window was closed as well", async () => {
    await page.getByRole("link", { name: person.w("nav.write"), exact: true }).first().click();
    await field.fill("Sent much later");
    await amina.kill();
    await post.click();
    await person.sees(page.getByRole("article").filter({ hasText: "Sent much later" }));
    await page.close();
    await amina.start();
    person.page = await person.context.newPage();
    await person.go("/home");
    await basim.has("Sent much later");
    is(await own("Sent much later"), 1);
  });
}
