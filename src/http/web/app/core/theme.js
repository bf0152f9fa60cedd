// Before anything is drawn: dark or light, where that was chosen. It stands within the page.
(() => {
  try {
    const chosen = JSON.parse(localStorage.getItem("majlis.theme") ?? "null");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // What the system says holds.
  }
})();
