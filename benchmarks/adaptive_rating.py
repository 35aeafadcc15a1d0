"""What adaptive rating costs and how often it names a wrong band, against a fixed number of attempts.

Computed exactly, without sampling, for problems whose true pass rates have a known distribution; and with ``--run DIR``
on the problems of a finished `stepsmith synth --student simulated`: the rate of many attempts is taken as the true one,
and the rule is applied to the attempts in many random orders.

    python benchmarks/adaptive_rating.py
    stepsmith synth --chains 24 --out runs/rating && python benchmarks/adaptive_rating.py --run runs/rating
"""

import argparse
import random
from collections.abc import Sequence
from math import comb, gamma
from pathlib import Path

from stepsmith.core.ids import derive_rng
from stepsmith.core.stats import band_of, settled_band
from stepsmith.judge.pool import JudgePool
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.rating import RatingSettings
from stepsmith.pipeline.roles import RoleFactory, resolve_config
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import Scorer
from stepsmith.store.dataset import read_rows, row_problem

FIXED, MOST = (8, 32), 32
CONFIDENCES = (0.7, 0.75, 0.8, 0.9)
SHAPES = {"uniform": (1.0, 1.0), "Beta(.5, .5)": (0.5, 0.5), "Beta(.25, .25)": (0.25, 0.25), "Beta(2, 2)": (2.0, 2.0)}
GRID = 400  # pass rates per distribution
TRUTH, ORDERS = 256, 100  # attempts that stand for the truth, and orders in which the rule sees them


def main() -> None:
    """Print one table for each distribution."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path)
    arguments = parser.parse_args()
    print("| pass rates | rule | attempts | wrong band | undecided | wrong band where all are named |")
    print("|---|---|---|---|---|---|")
    if arguments.run:
        measured(arguments.run)
        return
    for name, (a, b) in SHAPES.items():
        rates = [(k + 0.5) / GRID for k in range(GRID)]
        weights = [gamma(a + b) / gamma(a) / gamma(b) * p ** (a - 1) * (1 - p) ** (b - 1) for p in rates]
        show(name, [(weight / sum(weights), p) for weight, p in zip(weights, rates, strict=True)])


def show(name: str, truths: Sequence[tuple[float, float]]) -> None:
    """Print the rows of one distribution, given as (weight, pass rate)."""
    for n in FIXED:
        wrong = sum(w * sum(chance(k, n, p) for k in range(n + 1) if band_of(k / n) != band_of(p)) for w, p in truths)
        print(f"| {name} | fixed {n} | {n} | {wrong:.3f} | 0 | {wrong:.3f} |")
    for confidence in CONFIDENCES:
        settings = RatingSettings(confidence=confidence)
        attempts = wrong = undecided = forced = 0.0
        for weight, p in truths:
            for passes, made, probability in endings(settings, p):
                share = weight * probability
                band = settled_band(passes, made, confidence)
                attempts += share * made
                undecided += share * (band is None)
                wrong += share * (band is not None and band != band_of(p))
                forced += share * ((band or band_of(passes / made)) != band_of(p))
        print(f"| | confidence {confidence:.2f} | {attempts:.1f} | {wrong:.3f} | {undecided:.3f} | {forced:.3f} |")


def endings(settings: RatingSettings, p: float) -> list[tuple[int, int, float]]:
    """Return (passes, attempts, probability) of each way in which the attempts at a problem can end."""
    ended = []
    open_states = {(0, 0): 1.0}
    while open_states:
        later: dict[tuple[int, int], float] = {}
        for (passes, made), probability in open_states.items():
            more = settings.next(passes, made, made, MOST)
            if not more:
                ended.append((passes, made, probability))
            for k in range(more + 1) if more else ():
                state = (passes + k, made + more)
                later[state] = later.get(state, 0.0) + probability * chance(k, more, p)
        open_states = later
    return ended


def chance(k: int, n: int, p: float) -> float:
    """Return the binomial probability of k passes in n attempts."""
    return comb(n, k) * p**k * (1 - p) ** (n - k)


def measured(folder: Path) -> None:
    """Print the rows for the rated problems of a run, kept and rejected ones."""
    rows = [row for name in ("problems.parquet", "rejected.parquet") for row in read_rows(folder / name)]
    problems = [row_problem(row) for row in rows if row["attempts"]]
    config = resolve_config(Config())
    passed: list[list[bool]] = []
    with JudgePool(2) as judge, Scorer(judge, workers=2) as scorer:
        factory = RoleFactory(config, judge, None)
        for problem in problems:
            draft = factory.draft_from_problem(problem)
            if draft is None:
                continue
            attempt = factory.make().student.attempts(draft, problem, derive_rng(1, "truth", problem.id))
            completions: list[Completion] = attempt(TRUTH)
            scored = scorer.score(problem, completions)
            passed.append([one.solved for one in scored if one.verdict is not None])
    truth = [sum(of) / len(of) for of in passed]
    print(f"{len(passed)} rated problems, {sum(p in (0, 1) for p in truth)} of them never or always solved\n")
    rng = random.Random(1)
    rules: list[RatingSettings | None] = [None, *(RatingSettings(confidence=c) for c in CONFIDENCES)]
    for settings in rules:
        attempts = wrong = undecided = forced = 0
        for of, p in zip(passed, truth, strict=True):
            for _ in range(ORDERS):
                order = rng.sample(of, MOST)
                made = MOST
                if settings:
                    made = 0
                    while more := settings.next(sum(order[:made]), made, made, MOST):
                        made += more
                passes = sum(order[:made])
                band = settled_band(passes, made, settings.confidence) if settings else band_of(passes / made)
                attempts += made
                undecided += band is None
                wrong += band is not None and band != band_of(p)
                forced += (band or band_of(passes / made)) != band_of(p)
        total = len(passed) * ORDERS
        rule = f"confidence {settings.confidence:.2f}" if settings else f"fixed {MOST}"
        print(
            f"| {folder.name} | {rule} | {attempts / total:.1f} | {wrong / total:.3f} | {undecided / total:.3f} | "
            f"{forced / total:.3f} |"
        )


if __name__ == "__main__":
    main()
