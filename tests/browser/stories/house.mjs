// Whose data it is and how the network is: what the pages say of it is so, and what is changed on them is changed.

import { ARABIC, ENGLISH } from "../lib/data.mjs";
import { eventually, holds, is } from "../lib/hold.mjs";

export default async function house(story) {
  const [amina, basim] = await story.circle("amina", "basim");
  await basim.ask("profile", "--name", "Basim");
  await amina.ask("post", ENGLISH, "--lang", "en");
  await basim.ask("post", ARABIC, "--lang", "ar");
  await Promise.all([basim.has(ENGLISH), amina.has(ARABIC)]);
  const person = await story.person(amina, { at: "/data" });
  const { page } = person;

  await story.step("it is said who else holds what is the owner's", async () => {
    await eventually("Basim is a holder", async () => (await amina.api("GET", "/api/majlis/v1/holders")).length === 1);
    await person.go("/data");
    const holders = page.getByRole("listitem").filter({ hasText: "Basim" }).filter({ hasText: person.w("holders.here") });
    await person.sees(holders.first());
    await person.sees(page.getByText(person.w("holders.count", { n: 1 })));
  });

  await story.step("what one asks of those who read is changed, and the node says so to everyone", async () => {
    const said = async () => {
      const { headers } = await fetch(`${amina.http}/api/v1/statuses/${(await amina.has(ENGLISH)).id}`, { headers: { authorization: `Bearer ${amina.bearer}` } });
      return [headers.get("content-usage"), headers.get("tdm-reservation"), headers.get("x-robots-tag")];
    };
    is((await said())[0], null);
    await person.button("usage.change").click();
    await person.about("radio", "usage.training").check();
    await person.button("action.save").click();
    await person.sees(person.says("usage.saved"));
    await person.sees(page.getByText(person.w("usage.said.training")).first());
    is(await said(), ["train-ai=n", "1", "noai, noimageai"]);
    await eventually("the friend's node knows it", async () => {
      const post = await basim.has(ENGLISH);
      return post.majlis.usage.aipref === "train-ai=n" || post.account.majlis.usage.aipref === "train-ai=n";
    });
  });

  await story.step("an app that may act for the owner is shown, and can do nothing once it is ended", async () => {
    const { token } = await amina.one("token", "new", "--name", "A strange app", "--scopes", "read");
    const may = async () => (await fetch(`${amina.http}/api/v1/timelines/home`, { headers: { authorization: `Bearer ${token}` } })).status;
    is(await may(), 200);
    await person.go("/data");
    await page.getByRole("button", { name: `${person.w("apps.end")}: A strange app` }).click();
    await person.button("apps.end", {}, page.getByRole("dialog")).click();
    await person.sees(page.getByText(person.w("apps.ended", { name: "A strange app" })));
    await person.seesNot(page.getByRole("button", { name: /A strange app$/ }));
    is(await may(), 401);
  });

  await story.step("another browser of the owner's is signed out where it is ended", async () => {
    const other = await story.person(amina, { language: "ar" });
    other.forgive(/401 \(Unauthorized\)|WebSocket/);
    await person.go("/data");
    const end = page.getByRole("button", { name: new RegExp(`^${person.w("apps.end")}: Chrome`) });
    await end.click();
    await person.button("apps.end", {}, page.getByRole("dialog")).click();
    await person.seesNot(end);
    await other.page.reload();
    await other.sees(other.by("heading", "signin.title"));
    await other.context.close();
  });

  await story.step("the network page says who is there, and that they are gone, by itself", async () => {
    await person.go("/network");
    await person.sees(page.getByText(person.w("network.with", { n: 1 })));
    await person.sees(page.getByRole("listitem").filter({ hasText: "Basim" }));
    await person.picture("house-network");
    await basim.stop();
    await person.sees(page.getByText(person.w("network.alone")));
    await basim.start();
    await person.sees(page.getByText(person.w("network.with", { n: 1 })));
  });

  await story.step("the recovery phrase is asked for until it is written down", async () => {
    await person.go("/data");
    await person.button("recovery.now").first().click();
    const list = person.by("list", "recovery.words");
    await person.sees(list);
    is(await list.getByRole("listitem").count(), 24);
    await person.press("Escape");
    await person.seesNot(list);
    holds((await amina.one("id")).phrase_unconfirmed, "it is forgotten without having been checked");
  });
}
