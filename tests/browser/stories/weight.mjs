// What opening the page costs: bytes, which have a bound, and time, which is told and decides nothing.

import { ENGLISH } from "../lib/data.mjs";
import { eventually, holds } from "../lib/hold.mjs";

/** Bytes, as they are sent, until home can be read; without pictures, sound and video. */
const MAX_BYTES = 150_000;
const TURNS = 3;

export default async function weight(story) {
  const node = await story.node("host");
  for (let turn = 0; turn < 20; turn += 1) await node.ask("post", `${ENGLISH} (${turn})`);

  await story.step(`home opens with less than ${MAX_BYTES / 1000} kB`, async () => {
    const person = await story.person(node, { hasWorker: false });
    const session = await person.context.newCDPSession(person.page);
    /** What each answer is, and how long its headers are. */
    const answers = new Map();
    const sums = {};
    let headers = 0;
    await session.send("Network.enable");
    await session.send("Network.setCacheDisabled", { cacheDisabled: true });
    session.on("Network.responseReceived", ({ requestId, type, response }) => answers.set(requestId, { type, head: response.encodedDataLength }));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      const { type, head } = answers.get(requestId);
      headers += head;
      if (!["Image", "Media"].includes(type)) sums[type] = (sums[type] ?? 0) + encodedDataLength - head;
    });
    await person.go("/home");
    await person.sees(person.page.getByRole("article").first());
    const sum = Object.values(sums).reduce((all, one) => all + one, 0);
    story.figure("bytes to open home", `${sum} (${Object.entries(sums).map(([type, bytes]) => `${type} ${bytes}`).join(", ")}) and ${headers} of headers of ${answers.size} answers`);
    await person.context.close();
    holds(sum < MAX_BYTES, `it takes ${sum} bytes: ${JSON.stringify(sums)}`);
  });

  await story.step("how long it takes until something is seen, and the first post", async () => {
    for (const [name, hasWorker] of [["from the node", false], ["kept by the browser", true]]) {
      const person = await story.person(node, { hasWorker, before: watchFirst });
      if (hasWorker) await person.page.evaluate(() => navigator.serviceWorker.ready);
      const times = [];
      for (let turn = 0; turn < TURNS; turn += 1) {
        await person.go("/home");
        times.push(await eventually("both are seen", () => person.page.evaluate(() => {
          const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
          return paint && window.firstPost && { paint: Math.round(paint), post: Math.round(window.firstPost) };
        })));
      }
      story.figure(`home, ${name}`, times.map(({ paint, post }) => `first paint ${paint} ms, first post ${post} ms`).join("; "));
      await person.context.close();
    }
  });
}

function watchFirst(context) {
  return context.addInitScript(() => {
    new MutationObserver((_, watcher) => {
      if (!document.querySelector("article")) return;
      requestAnimationFrame(() => (window.firstPost = performance.now()));
      watcher.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
}
