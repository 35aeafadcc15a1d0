// The chains: shows one at a time, chosen by the list, its filters or the address. Needs `byId` and `json` of plots.js.
const chains = json("chain-index");
const position = new Map(chains.map((chain, index) => [chain.id, index]));
const [chooser, viewer, previous, next] = ["chain", "viewer", "previous", "next"].map(byId);
const filters = { environment: byId("by-environment"), band: byId("by-band"), kept: byId("by-kept"), text: byId("by-text") };
let shown = -1; // index of the open chain
let opening = 0; // number of the latest request, so that a slow one cannot replace a later one

async function unpacked(index) {
  const bytes = Uint8Array.from(atob(byId(`packed-${index}`).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

function matching() {
  const text = filters.text.value.trim().toLowerCase();
  return chains.filter(
    (chain) =>
      (!filters.environment.value || chain.environments.includes(filters.environment.value)) &&
      (!filters.band.value || chain.bands.includes(filters.band.value)) &&
      chain.kept >= Number(filters.kept.value) &&
      (!text || chain.title.toLowerCase().includes(text) || chain.id.includes(text) || String(chain.number) === text),
  );
}

function label(chain) {
  const course = chain.rates.length ? `, ${chain.rates.join(" → ")}` : "";
  return `${chain.number}. ${chain.title} (${chain.kept} kept${course})`;
}

// Lists the chains that match the filters. The open chain stays listed even if it does not match.
function list() {
  const found = matching();
  byId("matches").textContent = `Chain (${found.length} of ${chains.length} match)`;
  const listed = found.some((chain) => position.get(chain.id) === shown) || shown < 0 ? found : [chains[shown], ...found];
  chooser.replaceChildren(...listed.map((chain) => new Option(label(chain), chain.id)));
  if (shown >= 0) chooser.value = chains[shown].id;
  updateSteps();
  return found;
}

function neighbour(step) {
  const found = matching().map((chain) => position.get(chain.id));
  return step > 0 ? found.find((index) => index > shown) : found.findLast((index) => index < shown);
}

function updateSteps() {
  previous.disabled = neighbour(-1) === undefined;
  next.disabled = neighbour(1) === undefined;
}

async function open(index, turn) {
  const request = ++opening;
  const html = await unpacked(index);
  if (request !== opening) return;
  shown = index;
  viewer.innerHTML = html;
  byId("opened").textContent = `Opened chain ${chains[index].number}: ${chains[index].title}`;
  list();
  const stone = turn && viewer.querySelector(`.stone[data-turn="${turn}"]`);
  if (stone) {
    stone.classList.add("pointed");
    const row = stone.parentElement;
    row.scrollLeft = stone.offsetLeft - row.offsetLeft - 16;
  }
}

const address = (index) => `#chain=${chains[index].id}`;

async function followAddress(scroll) {
  if (!location.hash.startsWith("#chain=")) return false;
  const wanted = new URLSearchParams(location.hash.slice(1));
  const index = position.get(wanted.get("chain"));
  const turn = Number(wanted.get("turn")) || 0;
  if (index === undefined) {
    const note = document.createElement("p");
    note.className = "narrow notice";
    note.textContent = "This page does not hold this chain. Its problems are in the Parquet files.";
    viewer.replaceChildren(note);
  } else if (index !== shown || turn) {
    await open(index, turn);
  }
  if (scroll) byId("chains").scrollIntoView();
  return true;
}

const go = (index) => {
  if (index !== undefined) location.hash = address(index);
};

previous.addEventListener("click", () => go(neighbour(-1)));
next.addEventListener("click", () => go(neighbour(1)));
chooser.addEventListener("change", () => go(position.get(chooser.value)));
byId("controls").addEventListener("submit", (event) => event.preventDefault());
for (const filter of Object.values(filters)) {
  filter.addEventListener("input", () => {
    const found = list();
    if (found.length && !found.some((chain) => position.get(chain.id) === shown)) go(position.get(found[0].id));
  });
}
byId("views").addEventListener("change", (event) => (viewer.dataset.view = event.target.value));
// Links into the chains scroll there; the controls of the chains do not move the page.
addEventListener("hashchange", () => followAddress(!byId("controls").contains(document.activeElement)));

list();
followAddress(true).then((followed) => {
  if (!followed && chains.length) {
    const most = chains.reduce((best, chain, index) => (chain.kept > chains[best].kept ? index : best), 0);
    open(most, 0);
  }
});
