"""The viewer on a million problems: a data set is made once, then opened in a headless browser.

    python benchmarks/viewer.py [--rows 1000000] [--keep FOLDER]

It prints the time of the first index, of the next start, of the first paint (from the request to first contentful
paint, warm index), and of searches and filters (from the key or click to the list drawn anew), each with its bound.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pyarrow as pa

from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.store.dataset import PROBLEM_SCHEMA, write_tables

BLOCK = 20_000  # rows that are written at a time
PAINT_MS, FILTER_MS = 300, 500
THINGS = [
    "warehouse",
    "parcels",
    "orchard",
    "harbour",
    "lanterns",
    "railway",
    "ledgers",
    "temperatures",
    "ribbons",
    "wagons",
    "towers",
    "rivers",
]
WORDS = [
    "the",
    "sequence",
    "of",
    "integers",
    "is",
    "given",
    "and",
    "every",
    "element",
    "must",
    "be",
    "counted",
    "once",
    "among",
    "those",
    "whose",
    "sum",
    "does",
    "not",
    "exceed",
    "limit",
    "find",
    "largest",
    "smallest",
    "number",
    "contiguous",
    "subarray",
    "path",
    "graph",
    "tree",
    "edges",
    "queries",
    "answer",
    "modulo",
    "print",
    "line",
    "contains",
    "positions",
    "distinct",
    "values",
    "window",
    "shortest",
    "cheapest",
    "operations",
    "swap",
    "reverse",
    "prefix",
    "suffix",
]
VERBS = ["count", "sum", "longest", "first", "merge", "split", "walk", "fold"]
NOUNS = ["windows", "intervals", "prefixes", "trees", "grids", "words", "stacks", "bits", "digits", "paths"]
FEATURES = [f"{verb}_{noun}" for verb in VERBS for noun in NOUNS]


def make(path: Path, rows: int) -> None:
    """Write ``rows`` problems whose statements, features and measurements differ."""
    rng = random.Random(7)
    write_tables(
        path, PROBLEM_SCHEMA, (_block(rng, first, min(BLOCK, rows - first)) for first in range(0, rows, BLOCK))
    )


def _block(rng: random.Random, first: int, count: int) -> pa.Table:
    def texts(values: list[str]) -> list[str]:
        return rng.choices(values, k=count)

    numbers = range(first, first + count)
    passes, attempts = [rng.randint(0, 32) for _ in numbers], 32
    bands = [next(band for edge, band in ((8, "hard"), (19, "medium"), (27, "easy-medium"), (33, "easy")) if p < edge)
             for p in passes]  # fmt: skip
    bands = [UNDECIDED if rng.random() < 0.1 else band for band in bands]
    assert set(bands) <= {*BANDS, UNDECIDED}
    statements = [" ".join(rng.choices(WORDS, k=110)) + f" {number:x}." for number in numbers]
    test = {"input": "3 1 2", "output": "6", "kind": "nominal", "weight": 1.0}
    kills = texts(["1.000", "0.950", "0.875", "0.700"])
    columns: dict[str, object] = {
        "id": [f"prob_{rng.getrandbits(128):032x}" for _ in numbers],
        "chain_id": [f"chain_{number // 5:032x}" for number in numbers],
        "turn": [number % 5 + 1 for number in numbers],
        "parent_id": [None] * count,
        "environment": rng.choices(["induction", "abduction", "deduction", "fuzzing"], [5, 3, 2, 1], k=count),
        "style": texts(["codeforces", "atcoder", "leetcode"]),
        "title": [f"{rng.choice(THINGS).title()} of the {rng.choice(THINGS)} {number}" for number in numbers],
        "statement": statements,
        "interface": ["stdio"] * count,
        "features": [[{"name": name, "category": "algorithm", "params": [], "seed_lines": [], "signal": ""}
                      for name in rng.sample(FEATURES, 3)] for _ in numbers],
        "seed_ref": ["a.py:1-9"] * count,
        "seed_license": texts(["MIT", "Apache-2.0", "PSF-2.0", ""]),
        "examples": [[]] * count,
        "tests": [[{**test, "confidence": c}] * 4 for c in rng.choices([1.0, 0.995, 0.95, 0.8], [8, 4, 2, 1], k=count)],
        "checker": ["tokens"] * count,
        "checker_flags": [[]] * count,
        "checker_files": [[]] * count,
        "golden": [{"language": "python", "code": "print(6)\n"}] * count,
        "wrong": [[]] * count,
        "time_limit_s": [2.0] * count,
        "memory_limit_mb": [512] * count,
        "output_limit_mb": [8.0] * count,
        "attempts": [attempts] * count,
        "passes": passes,
        "pass_rate": [p / attempts for p in passes],
        "pass_rate_low": [max(0.0, p / attempts - 0.1) for p in passes],
        "pass_rate_high": [min(1.0, p / attempts + 0.1) for p in passes],
        "band": bands,
        "likely_band": bands,
        "provenance": [[{"key": "kill_rate", "value": value}, {"key": "voters", "value": "6"}] for value in kills],
    }  # fmt: skip
    for name in ("direction", "change", "starter_code", "entry_point", "task", "validator"):
        columns[name] = ["{}" if name == "task" else "new" if name == "direction" else ""] * count
    return pa.Table.from_pydict(
        {name: columns.get(name, [None] * count) for name in PROBLEM_SCHEMA.names}, schema=PROBLEM_SCHEMA
    )


class Viewer:
    """A viewer process; ``seconds`` is the time until its list is there."""

    def __init__(self, folder: Path, cache: Path) -> None:
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepsmith", "view", str(folder), "--port", "0", "--no-browser"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "STEPSMITH_CACHE": str(cache)},
        )  # fmt: skip
        assert self._process.stderr
        self.url = self._process.stderr.readline().split(" on ")[1].split(";")[0]
        try:
            while b"<table" not in urllib.request.urlopen(self.url).read():
                time.sleep(0.2)
        except BaseException:
            self.close()
            raise
        self.seconds = time.monotonic() - began
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        self.peak_mb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1000

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def measure(url: str) -> tuple[list[float], dict[str, list[float]]]:
    """Return first paints, and the times of searches and filters, in ms."""
    from tests.browsers import chromium

    paints: list[float] = []
    times: dict[str, list[float]] = {}
    with chromium() as browser:
        page = browser.new_page()
        for _ in range(5):
            page.goto(url)
            while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
                time.sleep(0.02)
            paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        for name, act in {
            "filter band": "click('input[name=band][value=hard]')",
            "filter band and environment": "click('input[name=environment][value=deduction]')",
            "filter feature": "click('input[name=feature]')",
            "filter kill rate": "click('input[name=killed]')",
            "clear": "visit('/problems')",
            "search a word": "type('lanterns')",
            "search two words": "type('lanterns orchard')",
            "search a rare word": "type('77777')",
            "search a statement": "type('shortest path graph')",
            "filter the search": "click('input[name=band][value=medium]')",
            "order": "sort('hardest')",
        }.items():
            times[name] = [page.evaluate(DRIVER + act)]
        page.close()
    return paints, times


# Acts as a reader does and resolves with the time until the new list is drawn (two frames after the swap).
DRIVER = """
const drawn = () => new Promise((done) => addEventListener("htmx:afterSettle",
  () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))), { once: true }));
async function timed(act) { const began = performance.now(); const end = drawn(); act(); return (await end) - began; }
const find = (selector) => document.querySelector(selector);
const click = (selector) => timed(() => find(selector).click());
const visit = (address) => timed(() => htmx.ajax("GET", address, "#browse"));
const change = (selector, value, kind) => timed(() => {
  find(selector).value = value;
  find(selector).dispatchEvent(new Event(kind, { bubbles: true }));
});
const type = (text) => change("#q", text, "input");
const sort = (value) => change("#sort", value, "change");
"""


def main() -> int:
    """Make, open, measure, print. Returns 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="folder for the data set and its index, used again if there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        data = folder / "data" / "problems.parquet"
        if not data.exists():
            data.parent.mkdir(parents=True, exist_ok=True)
            began = time.monotonic()
            make(data, given.rows)
            print(
                f"data set: {given.rows:,} rows, {data.stat().st_size / 1e6:.0f} MB, {time.monotonic() - began:.0f} s"
            )
        first = Viewer(data.parent, folder / "cache")
        first.close()
        print(f"first start, with the index: {first.seconds:.1f} s, {first.peak_mb:.0f} MB at most")
        again = Viewer(data.parent, folder / "cache")
        try:
            print(f"next start: {again.seconds:.1f} s")
            paints, times = measure(again.url)
        finally:
            again.close()
    broken = 0
    for name, values, bound in [("first paint", paints, PAINT_MS), *((n, t, FILTER_MS) for n, t in times.items())]:
        median = statistics.median(values)
        broken += median > bound
        print(f"{name:<32} {median:6.0f} ms  (bound {bound}){'  BROKEN' if median > bound else ''}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
