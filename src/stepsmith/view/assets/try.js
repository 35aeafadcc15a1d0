// The link to an answer: it stands in the fragment, which no server sees. Opening a link fills the field and runs nothing.
"use strict";

(() => {
  const answer = document.getElementById("answer");
  const language = document.getElementById("language");
  const form = document.getElementById("answer-form");
  const share = document.getElementById("share");
  const shared = document.getElementById("shared");
  const most = Number(answer.getAttribute("maxlength"));

  // Reads a stream, but no more than the field may hold: a short link can unpack to gigabytes.
  async function bytesOf(stream, limit) {
    const parts = [];
    let size = 0;
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts).arrayBuffer();
      size += value.length;
      if (size > limit) {
        reader.cancel();
        throw new RangeError("too long");
      }
      parts.push(value);
    }
  }

  async function packed(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await bytesOf(stream, Infinity));
    const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }

  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new TextDecoder().decode(await bytesOf(stream, 4 * most));
  }

  async function open() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!given.has("answer")) return;
    try {
      answer.value = (await unpacked(given.get("answer"))).slice(0, most);
      const named = given.get("language");
      if ([...(language.options ?? [])].some((option) => option.value === named)) language.value = named;
      document.getElementById("came").hidden = false;
    } catch {
      shared.textContent = "The answer in this link cannot be read.";
    }
  }

  share.hidden = false;
  share.addEventListener("click", async () => {
    const parts = new URLSearchParams({ language: language.value, answer: await packed(answer.value) });
    history.replaceState(null, "", `#${parts}`);
    try {
      await navigator.clipboard.writeText(location.href);
      shared.textContent = "The link is copied.";
    } catch {
      shared.textContent = "The link is in the address bar.";
    }
  });
  answer.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    shared.textContent = "";
    document.getElementById("came").hidden = true;
  });
  addEventListener("hashchange", open);
  open();
})();
