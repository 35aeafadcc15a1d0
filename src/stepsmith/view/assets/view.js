// Keys, the switch of the theme, and the help. Everything else is HTML and htmx.
"use strict";

const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];

const THEMES = ["system", "light", "dark"];

function showTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  one("#theme span").textContent = `: ${theme}`;
  dispatchEvent(new Event("themechange")); // plots draw themselves again
}

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? "system";
  const theme = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  try {
    localStorage.setItem("stepsmith-theme", theme);
  } catch {
    // it holds for this page only
  }
  showTheme(theme);
}

// The links that j and k walk through: the problems of a list.
function step(by) {
  const links = all("a.pick");
  if (!links.length) return one(by > 0 ? "a[data-key=next]" : "a[data-key=previous]")?.click();
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[to].focus();
  links[to].scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => (one("#q") ? (one("#q").focus(), one("#q").select()) : location.assign("/problems")),
  j: () => step(1),
  k: () => step(-1),
  n: () => one("a[rel=next]")?.click(),
  p: () => one("a[rel=prev]")?.click(),
  u: () => one("a[data-key=up]")?.click(),
  t: nextTheme,
  "?": () => one("#help").showModal(),
};

addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox], [type=radio]), textarea, select");
  if (event.key === "Escape" && typing) event.target.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

addEventListener("DOMContentLoaded", () => {
  showTheme(document.documentElement.dataset.theme ?? "system");
  one("#theme").addEventListener("click", nextTheme);
  one("#help-button").addEventListener("click", () => one("#help").showModal());
  if (matchMedia("(max-width: 800px)").matches) one("details.filters")?.removeAttribute("open");
  const again = one("[data-again]");
  if (again) setTimeout(() => location.reload(), Number(again.dataset.again));
});

// A filter that was open or closed stays so when the list is drawn again.
let filtersOpen = true;
addEventListener("htmx:beforeSwap", () => (filtersOpen = one("details.filters")?.open ?? true));
addEventListener("htmx:afterSwap", () => {
  one("details.filters")?.toggleAttribute("open", filtersOpen);
  if (one("#told")) one("#told").textContent = one("h1")?.textContent ?? ""; // for screen readers
});
addEventListener("htmx:responseError", (event) => console.warn(`the viewer answered ${event.detail.xhr.status}`));
