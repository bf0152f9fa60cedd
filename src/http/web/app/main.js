// The page opens: who is here, in which language, and what is shown at which address.

import { connection } from "./core/api.js";
import { put } from "./core/dom.js";
import "./core/install.js";
import { startKeys } from "./core/keys.js";
import { listen } from "./core/live.js";
import { failed, say } from "./core/say.js";
import { codeInAddress, isSignedIn, readOwner, rememberOwner, signIn } from "./core/session.js";
import { readWords, t } from "./core/words.js";
import { askForHome } from "./parts/home-place.js";

async function start() {
  const code = codeInAddress();
  // What takes the longest to come is asked for first.
  askForHome();
  const words = readWords();
  const owner = isSignedIn() && learnOwner(words);
  await words;
  if (code && !isSignedIn()) {
    await signIn(code).catch(failed);
  }
  if (!isSignedIn()) {
    const { default: signInPage } = await import("./pages/sign-in.js");
    put(document.body, signInPage());
    return;
  }
  if (location.pathname === "/") history.replaceState(null, "", "/home");
  const [{ openShell }] = await Promise.all([import("./parts/shell.js"), owner || learnOwner(words)]);
  startKeys();
  listen();
  await openShell();
}

/**
 * Nobody waits for it who has been here before.
 * @param {Promise<void>} words In which it is said what went wrong.
 */
async function learnOwner(words) {
  const learning = readOwner();
  if (rememberOwner()) learning.catch((error) => words.then(() => failed(error)));
  else await learning;
}

connection.addEventListener("signedout", () => location.assign("/"));

start()
  .catch(async (error) => {
    const { default: trouble } = await import("./pages/trouble.js");
    put(document.body, trouble(error).element);
  })
  // Not before: on the first visit it fetches all the rest.
  .then(keepPages);

// The worker's address is the only one that may become a script here.
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("majlis", {
  createScriptURL: (/** @type {string} */ url) => {
    if (url === "/sw.js") return url;
    throw new TypeError("no other script is loaded");
  },
});

/** Has the browser keep the pages, so that they open while the node is away. */
function keepPages() {
  if (!("serviceWorker" in navigator && isSecureContext)) return;
  const workers = navigator.serviceWorker;
  const hadOne = workers.controller !== null;
  // The node is another version than the one that these pages came with.
  workers.addEventListener("controllerchange", () => {
    if (hadOne) say(t("app.newer"), { action: t("app.reload"), onaction: () => location.reload() });
  });
  workers.register(policy?.createScriptURL("/sw.js") ?? "/sw.js").catch(() => {
    // The pages work without; they do not open while the node is away.
  });
}
