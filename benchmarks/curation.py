"""Speed of curation: exact and near duplicates, decontamination and selection, over sets of growing size.

    python benchmarks/curation.py [--sizes 10000,100000] [--semantic]

Rows are recombined from pieces that the grammar's renderer wrote (paragraphs of statements, functions of programs),
with one exact copy in 20, one renamed copy in 20 and one item of the benchmark in 100; a tenth is selected. Each size
runs in a process of its own; CPU seconds and peak memory are those of that process. The exponent is the slope between
sizes on a log-log scale.
"""

import argparse
import json
import math
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stepsmith.core.ids import content_id, derive_rng
from stepsmith.store.dataset import PROBLEM_SCHEMA, Row, problem_row, write_rows
from stepsmith.synth.exercises import ExerciseSettings, exercises

BASES = 400
ITEMS = 1000  # rows of the benchmark that is kept out
COPY, RENAMED = 0.05, 0.05
BANDS = ("hard", "medium", "easy-medium", "easy")


def pieces() -> list[Row]:
    """Return the problems whose pieces are recombined."""
    settings = ExerciseSettings(count=BASES, profile="contest", steps={"1": 1, "2": 2, "3": 2}, seed=5)
    return [problem_row(problem) for problem in exercises(settings)]


def rows(bases: list[Row], items: list[str], count: int) -> Iterator[Row]:
    """Yield recombined problems."""
    rng = derive_rng(5, "recombined")
    made: list[tuple[str, str, list[object]]] = []
    for number in range(count):
        first = rng.choice(bases)
        if number % 100 == 50:
            yield {**first, **_told(items[number // 100 % len(items)], number)}
            continue
        lot = rng.random()
        if made and lot < COPY:
            statement, code, features = rng.choice(made)
        elif made and lot < COPY + RENAMED:
            statement, code, features = rng.choice(made)
            statement, code = re.sub(r"\bthe\b", "this", statement, count=2), re.sub(r"\bx\b", "values", code)
        else:
            statement, code, features = recombined(rng, first, rng.sample(bases, 2))
        if len(made) < 5000:
            made.append((statement, code, features))
        yield {
            **first,
            **_told(statement, number),
            "golden": {"language": "python", "code": code},
            "features": features,
        }


def _told(statement: str, number: int) -> Row:
    """Return the columns that differ from row to row."""
    return {
        "id": content_id("prob", statement, number), "chain_id": f"chain_{number // 3}", "statement": statement,
        "attempts": 16, "passes": 8, "pass_rate": 0.5, "pass_rate_low": 0.2, "pass_rate_high": 0.8,
        "band": BANDS[number % 4],
    }  # fmt: skip


def recombined(rng: random.Random, first: Row, others: list[Row]) -> tuple[str, str, list[object]]:
    """Return statement, program and features of three problems in one."""
    start, *rest = str(first["statement"]).split("\n\n")
    middle = [part for other in others for part in str(other["statement"]).split("\n\n")[1:-4]]
    rng.shuffle(middle)
    statement = "\n\n".join([start, *middle, *rest]) + f"\n\nThe bound is {rng.randrange(10**6)}.\n"
    functions = [part for one in (first, *others) for part in str(one["golden"]["code"]).split("\n\n\n")]  # type: ignore[index]
    rng.shuffle(functions)
    features = [use for one in (first, *others) for use in one["features"]]  # type: ignore[attr-defined]
    return statement, "\n\n\n".join(functions) + f"\n\n\nBOUND = {rng.randrange(10**6)}\n", features


def measure(folder: Path, semantic: bool) -> dict[str, float]:
    """Curate a folder in this process and return what it cost."""
    from stepsmith.curate.curation import CurationSettings, curate

    stages: list[tuple[str, float]] = []
    began, wall = time.process_time(), time.monotonic()
    settings = CurationSettings(depth="semantic" if semantic else "near", select=max(1, len_of(folder) // 10))
    manifest = curate(
        [folder], folder / "curated", settings, against=[folder / "items.jsonl"],
        say=lambda line: stages.append((line, time.process_time() - began)),
    )  # fmt: skip
    for line, seconds in stages:
        print(f"    {seconds:7.1f} s CPU  {line}", file=sys.stderr)
    return {
        "rows": manifest.counts.problems,
        "kept": manifest.counts.kept,
        "cpu_s": time.process_time() - began,
        "wall_s": time.monotonic() - wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def len_of(folder: Path) -> int:
    """Return the number of problems in a folder."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(folder / "problems.parquet").num_rows)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="10000,100000")
    options.add_argument("--semantic", action="store_true")
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.semantic)))
        return
    before: dict[str, float] | None = None
    bases = pieces()
    items = [str(row["statement"])[::-1] for row in rows(bases, ["none"], ITEMS)]
    for size in map(int, chosen.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="curation-") as name:
            folder = Path(name)
            write_rows(folder / "problems.parquet", PROBLEM_SCHEMA, rows(bases, items, size))
            lines = (json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(items))
            (folder / "items.jsonl").write_text("".join(lines))
            command = [sys.executable, __file__, "--measure", str(folder), *(["--semantic"] if chosen.semantic else [])]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        now: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        slope = (
            f", exponent {math.log(now['cpu_s'] / before['cpu_s']) / math.log(now['rows'] / before['rows']):.2f}"
            if before
            else ""
        )
        print(
            f"{now['rows']:,.0f} rows: {now['cpu_s']:.0f} s CPU ({now['wall_s']:.0f} s), {now['peak_mb']:,.0f} MB, "
            f"kept {now['kept']:,.0f}{slope}",
            flush=True,
        )
        before = now


if __name__ == "__main__":
    main()
