// The browser offers once, early, to install the page as an app; whoever wants to is asked in the settings.

/** `changed` when it can be installed, or no longer. */
export const installing = Object.assign(new EventTarget(), {
  /** @type {(Event & {prompt: () => Promise<any>}) | null} */
  offer: null,
});

/** @param {typeof installing.offer} offer */
function note(offer) {
  installing.offer = offer;
  installing.dispatchEvent(new Event("changed"));
}
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  note(/** @type {any} */ (event));
});
addEventListener("appinstalled", () => note(null));
