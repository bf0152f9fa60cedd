// A house in which people have lived for a while, so that there is something on every page.

import { ARABIC, ENGLISH, MIXED, files } from "./data.mjs";
import { eventually } from "./hold.mjs";

/**
 * Amina lives here. She and Basim follow each other; Celine has come to the door.
 * @param {import("./story.mjs").Story} story
 */
export async function furnished(story) {
  const [amina, basim, celine] = await Promise.all(["amina", "basim", "celine"].map((name) => story.node(name)));
  const kept = files(story.folder);
  await Promise.all([
    amina.ask("profile", "--name", "Amina · أمينة", "--bio", `${MIXED}\nhttps://example.org #tea`, "--avatar", kept.face, "--header", kept.wide, "--field", "Home=بيروت", "--field", "Site=https://example.org"),
    basim.ask("profile", "--name", "باسم", "--bio", ARABIC),
    celine.ask("profile", "--name", "Celine"),
  ]);
  await Promise.all([amina.follow(basim), basim.follow(amina), celine.follow(amina)]);
  await amina.ask("usage", "train-ai=n");

  const said = {};
  said.own = await amina.one("post", ENGLISH, "--lang", "en");
  said.edited = await amina.one("post", "Tee is ready #tea", "--lang", "en");
  await amina.ask("edit", said.edited.id, "Tea is ready #tea");
  said.arabic = await basim.one("post", `${ARABIC} #شاي https://example.org/${"long/".repeat(30)}`, "--lang", "ar");
  said.picture = await basim.one("post", "What I saw #tea", "--attach", kept.picture, "--alt", "منحدر من الألوان: أحمر وأخضر", "--lang", "en");
  said.pictures = await basim.one("post", MIXED, ...["picture", "tall", "wide", "face"].flatMap((name) => ["--attach", kept[name], "--alt", `A ${name} one`]));
  said.made = await basim.one("post", "Nobody drew this", "--attach", kept.face, "--alt", "A slope of colours", "--attach-made-with", "ai", "--made-with", "ai", "--usage", "train-ai=n");
  said.film = await basim.one("post", "A film", "--attach", kept.film, "--alt", "Bars of colours");
  said.sound = await basim.one("post", "A tone", "--attach", kept.sound, "--alt", "A tone");
  said.covered = await basim.one("post", "The butler did it", "--cw", "How the book ends", "--lang", "en");
  said.poll = await basim.one("post", "Tea or coffee? شاي أم قهوة؟", "--poll", "Tea", "قهوة", "--closes", "2d");
  said.long = await basim.one("post", `${`${ENGLISH}\n\n${ARABIC}\n\n`.repeat(12)}the end`);

  await basim.has("Tea is ready #tea");
  said.reply = await basim.one("post", "--reply-to", said.own.id, "On my way", "--lang", "en");
  said.quote = await basim.one("post", "--quote", said.own.id, "As she says");
  await Promise.all([basim.ask("react", said.own.id), basim.ask("react", said.own.id, "🎉"), basim.ask("repost", said.edited.id)]);
  await celine.has(ENGLISH);
  said.stranger = await celine.one("post", "--reply-to", said.own.id, "May I come in as well?", "--lang", "en");

  await amina.has("As she says");
  await amina.ask("react", said.picture.id);
  await amina.ask("bookmark", said.arabic.id);
  await amina.ask("repost", said.arabic.id);
  await amina.one("post", "--reply-to", said.reply.id, "The door is open", "--lang", "en");
  await amina.ask("pin-post", said.own.id);
  await amina.ask("list", "Friends", "--add", basim.key);
  await amina.ask("follow", "#tea");
  await amina.ask("post", "--draft", "Not yet");
  await amina.ask("filter", "add", "the match");
  await eventually("there is someone at the door", async () => (await amina.ask("requests")).length);
  await eventually("there is something new", async () => (await amina.ask("notifications")).length > 3);
  return { amina, basim, celine, said, kept };
}
