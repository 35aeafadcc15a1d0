// Sets the theme that the reader chose, before anything is drawn.
"use strict";
try {
  const theme = localStorage.getItem("stepsmith-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // the browser keeps nothing: the theme of the system
}
