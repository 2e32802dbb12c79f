// A plain script in the head, not a module: it must run before the first paint, or the page flashes.
(() => {
  const KEY = "theme";
  const NEXT = { auto: "light", light: "dark", dark: "auto" };
  const NAMES = { auto: "as the device", light: "light", dark: "dark" };
  const root = document.documentElement;

  function stored() {
    try {
      const theme = localStorage.getItem(KEY);
      return theme in NEXT ? theme : "auto";
    } catch {
      return "auto";
    }
  }

  function apply(theme) {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    const label = document.querySelector("[data-theme-label]");
    if (label) label.textContent = `Colours: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`;
    document.dispatchEvent(new Event("themechange"));
  }

  function choose(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that stores nothing still gets the switch, for this page.
    }
    apply(theme);
  }

  apply(stored());
  addEventListener("storage", (event) => {
    if (event.key === KEY) apply(stored());
  });
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    button.addEventListener("click", () => choose(NEXT[root.dataset.theme ?? "auto"]));
    apply(stored());
  });
})();
