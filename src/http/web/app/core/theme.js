// Before anything is drawn: dark or light, where that was chosen. Not a module, so that it does not wait for others.
(() => {
  try {
    const chosen = JSON.parse(localStorage.getItem("majlis.theme") ?? "null");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // What the system says holds.
  }
})();
