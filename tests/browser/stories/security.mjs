// What the page must never do or be made to do, whatever is tried.

import { createHash } from "node:crypto";
import { request } from "node:http";
import { holds, is } from "../lib/hold.mjs";

/** Without the hashes of what stands within the page, which are reckoned here anew. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types majlis";

export default async function security(story) {
  const node = await story.node("host");
  await node.ask("post", "For those who are let in");
  const person = await story.person(node);
  const { page } = person;

  await story.step("each page has the policy, to the letter", async () => {
    for (const path of ["/", "/home", "/settings", "/@z6Mk", "/posts/none"]) {
      const answer = await fetch(node.http + path);
      const { status, headers } = answer;
      const policy = headers.get("content-security-policy") ?? "";
      is([status, policy.replace(/ 'sha256-[^']+'/g, "")], [200, POLICY], path);
      const within = [...(await answer.text()).matchAll(/<(script|style)>([^]*?)<\/\1>/g)];
      for (const [, element, text] of within) {
        const hash = `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
        holds(policy.match(new RegExp(`${element}-src [^;]*`))?.[0].includes(hash), `${path}: ${element} ${hash} of ${policy}`);
      }
      is(within.length, policy.match(/'sha256-/g)?.length, "and no other hash is allowed");
      is(headers.get("referrer-policy"), "no-referrer", path);
      is(headers.get("x-content-type-options"), "nosniff", path);
      is(headers.get("cross-origin-opener-policy"), "same-origin", path);
      is(headers.get("set-cookie"), null, path);
    }
    const edition = await page.evaluate(() => new URL(document.querySelector("link[rel=modulepreload]").href).pathname.split("/")[2]);
    for (const path of [`/app/${edition}/main.js`, `/app/${edition}/core/api.js`, "/app/icon.svg", "/sw.js", "/manifest.webmanifest"]) {
      const { status, headers } = await fetch(node.http + path);
      is([status, headers.get("x-content-type-options")], [200, "nosniff"], path);
    }
  });

  await story.step("nothing outside of the app's folder is served as a part of it", async () => {
    for (const path of ["/app/../assets.rs", "/app/%2e%2e/assets.rs", "/app/x/core/..%2f..%2f..%2fassets.rs", "/app/index.html", "/app/x/index.html", "/app/x/none.js", "/app//etc/passwd"]) {
      // As it is written: others would tidy it up.
      const status = await new Promise((resolve, reject) => request(node.http, { path }, (answer) => (answer.resume(), resolve(answer.statusCode))).on("error", reject).end());
      is(status, 404, path);
    }
  });

  await story.step("no program can be made of text, and no address of others asked", async () => {
    person.forgive(/TrustedHTML|TrustedScript|Trusted Type|Content Security Policy|unsafe-eval|example\.org/i);
    const tried = await page.evaluate(async () => {
      const attempts = {
        html: () => (document.createElement("div").innerHTML = "<b>x</b>"),
        program: () => (0, eval)("1"),
        inline: () => {
          const script = document.createElement("script");
          script.text = "window.harmed = true";
          document.body.append(script);
          if (window.harmed) return;
          throw new Error("not run");
        },
        elsewhere: () => fetch("https://example.org/"),
        another: () => trustedTypes.createPolicy("other", {}),
        worker: () => navigator.serviceWorker.register(document.querySelector("link[rel=modulepreload]").href),
      };
      const went = [];
      // What the test itself asks the browser for may more than the page.
      await new Promise((later) => setTimeout(later));
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          await attempt();
          went.push(name);
        } catch {
          // As it should be.
        }
      }
      return went;
    });
    is(tried, []);
    story.faults = story.faults.filter((fault) => !fault.includes("https://example.org/"));
  });

  await story.step("no other page can have it in a frame", async () => {
    const context = await story.world.browser.newContext();
    const other = await context.newPage();
    await other.route("http://other.localhost/", (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${node.http}/home"></iframe>` }));
    await other.goto("http://other.localhost/");
    const frame = other.frames()[1];
    await frame.waitForLoadState();
    is(await frame.evaluate(() => document.querySelector("main, .starting, noscript")).catch(() => null), null);
    await context.close();
  });

  await story.step("nothing is kept in cookies, and nothing inline is on the page but what its policy names", async () => {
    is(await person.context.cookies(), []);
    const inline = () => [...document.querySelectorAll("body script:not([src]), body style, head > :is(script, style) ~ :is(script, style) ~ :is(script, style), iframe, object, embed, base")].map((element) => element.outerHTML.slice(0, 80)).concat([...document.querySelectorAll("*")].flatMap((element) => [...element.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => name)));
    for (const path of ["/home", "/data", "/settings"]) {
      await person.go(path);
      is(await page.evaluate(inline), [], path);
    }
  });

  await story.step("who is not signed in sees nothing, and a wrong code is refused", async () => {
    const stranger = await story.person(node, { isSignedIn: false });
    stranger.forgive(/40[13] \((Forbidden|Unauthorized)\)/);
    await stranger.page.goto(`${node.http}/home`);
    await stranger.sees(stranger.by("heading", "signin.title"));
    is(stranger.addresses.filter((url) => url.includes("/api/")), []);
    await stranger.page.getByLabel(stranger.w("signin.code")).fill("AAAA-AAAA");
    await stranger.button("signin.enter").click();
    await stranger.sees(stranger.says("signin.wrong"));
    const { code } = await node.one("login");
    await stranger.page.getByLabel(stranger.w("signin.code")).fill(code);
    await stranger.button("signin.enter").click();
    await stranger.page.waitForURL(/\/(home|welcome)$/);
    await stranger.context.close();
  });

  await story.step("who signs out leaves nothing behind, in any of their windows", async () => {
    const second = await person.context.newPage();
    await second.goto(`${node.http}/notifications`);
    person.forgive(/401 \(Unauthorized\)|WebSocket/);
    await person.go("/settings");
    await person.button("keys.out").click();
    await person.button("keys.out", {}, page.getByRole("dialog")).click();
    await person.sees(person.by("heading", "signin.title"));
    is(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("token"))), []);
    const { status } = await fetch(`${node.http}/api/v1/accounts/verify_credentials`, { headers: { authorization: `Bearer ${person.token}` } });
    is(status, 401);
    await second.reload();
    await second.getByRole("heading", { name: person.w("signin.title") }).waitFor();
  });
}
