// Draws the plots in the reader's theme. It is the first script of the page; chains.js uses its functions.
"use strict";

const byId = (id) => document.getElementById(id);
const json = (id) => JSON.parse(byId(id).textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");

// The value of a colour in the present theme.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function drawPlots() {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const { data, layout } = json(`figure-${place.dataset.figure}`);
    const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false };
    const narrow = place.clientWidth < 520;
    const names = data.filter((trace) => trace.showlegend !== false).map((trace) => trace.name ?? "");
    const column = 48 + 7 * Math.max(0, ...names.map((name) => name.length)); // Plotly gives all legend entries the same width
    const rows = Math.ceil(names.length / Math.max(1, Math.floor((place.clientWidth - 52) / column)));
    const below = names.length < 2 ? 48 : 62 + 20 * rows; // room for the axis title and the legend
    const themed = {
      ...layout,
      height: place.dataset.figure === "features" ? 420 : (layout.height ?? 240) + below,
      font: { family: "system-ui, sans-serif", size: 12, color: colour("--muted") },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: layout.margin ?? { l: 44, r: 8, t: 24, b: below },
      legend: { orientation: "h", x: 0, yref: "container", y: 0, yanchor: "bottom", traceorder: "normal" },
      hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--line"), font: { color: colour("--ink") } },
    };
    for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key))])) {
      themed[name] = { ...layout[name], ...axis, ...(name.startsWith("y") && { automargin: true }) };
    }
    if (narrow && layout.xaxis?.dtick === 0.1) themed.xaxis.dtick = 0.2;
    Plotly.react(place, data, themed, { responsive: true, displayModeBar: false, topojsonURL: "" });
  }
}

// Printed pages are always light; report.css does the rest.
function printing(now) {
  document.documentElement.classList.toggle("printing", now);
  drawPlots();
}

dark.addEventListener("change", drawPlots);
addEventListener("beforeprint", () => printing(true));
addEventListener("afterprint", () => printing(false));
addEventListener("DOMContentLoaded", drawPlots); // when Plotly, at the end of the page, is loaded
