// Follows a page's state over server-sent events, as long as the page is looked at.
"use strict";

(() => {
  const place = document.querySelector("[data-live]");
  const connection = document.querySelector("[data-connection]");
  let source;

  function drawState(event) {
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    place.innerHTML = event.data; // made by our own templates, escaped there
    if (focused) place.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  }

  function drawFigures(event) {
    const figures = JSON.parse(event.data);
    const known = Object.keys(figures).every((key) => document.getElementById(`figure-${key}`));
    if (!known) return location.reload(); // the first values of a curve: the page gets a place for it
    for (const [key, figure] of Object.entries(figures)) {
      document.getElementById(`figure-${key}`).textContent = JSON.stringify(figure);
    }
    if (window.Plotly) drawPlots();
  }

  function listen() {
    source = new EventSource(place.dataset.live);
    source.addEventListener("open", () => (connection.textContent = ""));
    source.addEventListener("state", drawState);
    source.addEventListener("figures", drawFigures);
    source.addEventListener("trouble", (event) => (connection.textContent = event.data));
    source.addEventListener("error", () => {
      connection.textContent = "The viewer does not answer. What is shown may be old; it is asked again.";
    });
  }

  document.addEventListener("visibilitychange", () => {
    source?.close();
    if (!document.hidden) listen();
  });
  addEventListener("pagehide", () => source?.close());
  listen();
})();
