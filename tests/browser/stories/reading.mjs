// Reading: long, and without being moved; what is covered, pictured, said twice, played.

import { files, posts } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";

const MANY = 2_200;
/** Posts in the document, however many were read. */
const MAX_DRAWN = 200;

export default async function reading(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await basim.ask("profile", "--name", "Basim");
  await basim.postAll(posts(MANY, "many"));
  const kept = files(story.folder);
  await basim.one("post", "The butler did it", "--cw", "How the book ends");
  await basim.one("post", "Tea or coffee?", "--poll", "Tea", "قهوة", "--closes", "2d");
  const edited = await basim.one("post", "Tee is ready");
  await basim.ask("edit", edited.id, "Tea is ready");
  await basim.one("post", "Two pictures", "--attach", kept.picture, "--alt", "منحدر من الألوان", "--attach", kept.tall, "--alt", "The second");
  await basim.one("post", "A film", "--attach", kept.film, "--alt", "Bars of colours");
  await basim.one("post", "A tone", "--attach", kept.sound, "--alt", "A tone");
  await amina.has("A tone");
  await eventually("all of it is here", async () => (await amina.ask("timeline", "--limit", "100000")).length >= MANY + 6);
  await eventually("its files are here", async () => (await amina.timeline()).every(({ media_attachments: all }) => all.every(({ majlis }) => majlis.held)));
  const person = await story.person(amina, { moves: true });
  const { page } = person;

  await story.step("what is covered is seen when it is wanted", async () => {
    const post = person.post("How the book ends");
    await person.sees(post);
    is(await post.getByText("The butler did it").count(), 0);
    await person.button("post.show", {}, post).click();
    await person.sees(post.getByText("The butler did it"));
    await person.button("post.hide", {}, post).click();
    await person.seesNot(post.getByText("The butler did it"));
  });

  await story.step("one votes, and it counts where the poll is held", async () => {
    const post = person.post("Tea or coffee?");
    await post.getByRole("radio", { name: "قهوة" }).check();
    await person.button("poll.vote", {}, post).click();
    await person.sees(post.getByText("100%"));
    await eventually("it is counted", async () => (await basim.timeline()).find(({ majlis }) => majlis.text === "Tea or coffee?").poll.options[1].votes_count === 1);
  });

  await story.step("what was edited says so, and what it said before", async () => {
    await person.post("Tea is ready").getByRole("button", { name: person.w("post.edited") }).click();
    const dialog = page.getByRole("dialog");
    await person.sees(dialog.getByText("Tee is ready"));
    await person.sees(dialog.getByText("Tea is ready"));
    await person.press("Escape");
    await person.seesNot(dialog);
  });

  await story.step("pictures open large, one after the other, with what they show in words", async () => {
    const post = person.post("Two pictures");
    await post.scrollIntoViewIfNeeded();
    const first = post.getByRole("button", { name: person.w("media.open", { what: "منحدر من الألوان" }) });
    await first.click();
    const box = page.getByRole("dialog", { name: person.w("media.pictures") });
    await person.sees(box.getByText("منحدر من الألوان"));
    await person.press("ArrowRight");
    await person.sees(box.getByText("The second"));
    await person.picture("reading-lightbox");
    await person.press("Escape");
    await person.seesNot(box);
    holds(await first.evaluate((element) => element === document.activeElement), "the focus is not where it was");
    await post.getByRole("button", { name: new RegExp(person.w("media.alt_mark")) }).or(post.getByRole("button", { name: person.w("media.alt") })).first().click();
    await person.sees(page.getByRole("dialog").getByText("منحدر من الألوان"));
    await person.press("Escape");
  });

  await story.step("a picture has its room and its colours before it is there", async () => {
    const other = await story.person(amina, { isSignedIn: false });
    let letGo;
    const held = new Promise((resolve) => (letGo = resolve));
    await other.page.route(/\/media\//, async (route) => (await held, route.continue()));
    const { link } = await amina.one("login");
    await other.page.goto(link);
    const post = other.post("Two pictures");
    await other.sees(post);
    const drawn = await eventually("there are colours", () => post.locator("canvas").first().evaluate((canvas) => canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] > 0));
    const before = await post.boundingBox();
    letGo();
    await eventually("the pictures are there", () => post.evaluate((element) => [...element.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth)));
    const after = await post.boundingBox();
    is([drawn, after.height], [true, before.height]);
    await other.page.unrouteAll();
    await other.context.close();
  });

  await story.step("film and sound can be begun anywhere", async () => {
    for (const [text, kind] of [["A film", "video"], ["A tone", "audio"]]) {
      const player = person.post(text).locator(kind);
      await player.scrollIntoViewIfNeeded();
      const pieces = [];
      const see = (response) => response.request().resourceType() === "media" && pieces.push(response.status());
      page.on("response", see);
      await eventually("how long it is is known", () => player.evaluate((element) => element.readyState >= 1 && element.duration > 10));
      const at = await player.evaluate(async (element) => {
        element.muted = true;
        element.currentTime = 9;
        await new Promise((resolve, reject) => {
          element.addEventListener("seeked", resolve, { once: true });
          element.addEventListener("error", () => reject(new Error(element.error.message)), { once: true });
        });
        return element.currentTime;
      });
      is(Math.round(at), 9);
      const url = await player.evaluate((element) => element.currentSrc);
      const part = await page.evaluate(async (address) => {
        const answer = await fetch(address, { headers: { range: "bytes=100-199" } });
        return [answer.status, answer.headers.get("content-range")?.split("/")[0], (await answer.arrayBuffer()).byteLength];
      }, url);
      is(part, [206, "bytes 100-199", 100], kind);
      holds(pieces.every((status) => status === 206), `${kind}: ${pieces}`);
      page.off("response", see);
    }
  });

  await story.step("what comes while one reads moves nothing", async () => {
    await person.go("/home");
    const target = person.post("Two pictures");
    await person.press(".");
    await person.settled();
    await person.sees(target);
    await eventually("one is at the top", async () => (await page.evaluate(() => scrollY)) < 5);
    await page.mouse.move(640, 400);
    // As people do: the browser may swallow a turn of the wheel while the page glides to its top.
    await eventually("one is far down", async () => {
      await page.mouse.wheel(0, 1_500);
      return (await page.evaluate(() => scrollY)) > 500;
    });
    const before = await still(page);
    await basim.ask("post", "Something new");
    await basim.ask("post", "And once more");
    await person.sees(page.getByRole("button", { name: person.w("feed.new", { n: 2 }) }));
    const after = await page.evaluate((id) => document.querySelector(`[data-item="${id}"]`).getBoundingClientRect().top, before.id);
    holds(Math.abs(after - before.top) < 1.5, `what is read has moved from ${before.top} to ${after}`);
    await page.getByRole("button", { name: person.w("feed.new", { n: 2 }) }).click();
    await person.sees(person.post("And once more"));
    await eventually("one is at the top", async () => (await page.evaluate(() => scrollY)) < 5);
  });

  await story.step(`${MANY} posts are read to the end, in their order, with few of them in the page at a time`, async () => {
    const began = performance.now();
    const read = await page.evaluate(readOn, { isDone: person.w("feed.all"), patience: 120_000 });
    is(read.jumps, [], "one is brought back to what was read already:");
    holds(read.isDone, `the end is not reached: ${read.seen} posts were seen`);
    holds(read.most <= MAX_DRAWN, `${read.most} posts are in the page at once`);
    holds(read.seen >= MANY, `only ${read.seen} posts were seen`);
    story.figure("posts read", `${read.seen}, at most ${read.most} at a time in the page, in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });

  await story.step("back from a conversation one is where one was, and after opening the page anew as well", async () => {
    await page.evaluate(() => scrollBy(0, -innerHeight * 30));
    await resting(page);
    const before = await firstWhole(page);
    await page.locator(`[data-item="${before.id}"]`).locator("time").first().click();
    await page.waitForURL(/\/@|\/posts\//);
    await person.settled();
    await page.goBack();
    await person.settled();
    const isThere = async (precision) => {
      const now = await firstWhole(page);
      if (now.id !== before.id || Math.abs(now.top - before.top) > precision) throw new Error(`${JSON.stringify(now)} is seen first, and it was ${JSON.stringify(before)}`);
      return true;
    };
    await eventually("it is at its place", () => isThere(2));
    await page.reload();
    await person.settled();
    await eventually("it is at its place again", () => isThere(4));
  });
}

/** In the page: scrolls screen by screen to the end, and notes what was seen. */
async function readOn({ isDone, patience }) {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const items = () => [...document.querySelectorAll("[data-item]")];
  const isEnd = () => document.querySelector("main").innerText.includes(isDone);
  const [deadline, seen, jumps] = [performance.now() + patience, new Set(), []];
  let [most, before] = [0, null];
  while (!isEnd() && performance.now() < deadline) {
    scrollBy(0, innerHeight * 0.9);
    await drawn();
    for (const one of items()) seen.add(one.dataset.item);
    most = Math.max(most, document.querySelectorAll("article").length);
    const now = items().find((one) => one.getBoundingClientRect().bottom > 60)?.dataset.item;
    if (before && now && BigInt(now) > BigInt(before)) jumps.push(`from ${before} to ${now}`);
    before = now ?? before;
  }
  return { isDone: isEnd(), seen: seen.size, most, jumps };
}

/** The post that is seen first, and where; `least`: how far down it has to begin. */
function firstSeen(page, least = -Infinity) {
  return page.evaluate((top) => {
    const places = [...document.querySelectorAll("[data-item]")].map((one) => ({ one, at: one.getBoundingClientRect() }));
    const first = places.find(({ at }) => at.bottom > 60 && at.top > top);
    return { id: first?.one.dataset.item, top: first?.at.top ?? NaN };
  }, least);
}

function firstWhole(page) {
  return firstSeen(page, 80);
}

/** The same, once nothing moves any more. */
function still(page, isNoted = () => true) {
  let before = null;
  return eventually("the page is still", async () => {
    const now = await firstSeen(page);
    const isStill = before?.id === now.id && Math.abs(before.top - now.top) < 0.5 && (await isNoted(now));
    before = now;
    return isStill && now;
  });
}

/** The same, once it was noted for when the page is opened anew. */
function resting(page) {
  const kept = () => page.evaluate(() => JSON.parse(localStorage.getItem("majlis.place.home")));
  return still(page, async ({ id, top }) => {
    const place = await kept();
    return place?.id === id && Math.abs(place.top - top) < 1;
  });
}
