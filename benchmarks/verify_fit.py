"""Fits the consensus model: ``python benchmarks/verify_fit.py --write`` replaces src/stepsmith/verify/consensus.json.

Both choices (among behaviours, among outputs) are conditional logits with an outside option, fitted by maximum
likelihood with an L2 penalty; every problem weighs the same. What is reported anywhere comes from ``crossfit``: fitted
on nine tenths of the problems, evaluated on the rest, grouped by problem.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from verify_population import DEV, Draw, RecordedJudge, dev_subjects, draws

from stepsmith.verify.behaviour import Behaviour, behaviours, features
from stepsmith.verify.consensus import label_evidence
from stepsmith.verify.posterior import ConsensusModel, Regime, choose

SIZES, SEEDS = (4, 8, 16), 12
PENALTY = 0.003
MODEL = Path(__file__).parents[1] / "src" / "stepsmith" / "verify" / "consensus.json"
RECORDING = (
    Path(__file__).parents[1] / "build" / "verify_runs.pickle"
)  # executions of the development data, kept between runs

Choice = tuple[list[dict[str, float]], list[bool], float]  # evidence on each alternative, which is right, weight


@dataclass(frozen=True)
class Prepared:
    """A draw with all that does not depend on the weights."""

    draw: Draw
    found: tuple[Behaviour, ...]
    evidence: list[dict[str, float]]
    right: list[bool]


def prepare(draw: Draw) -> Prepared:
    found = behaviours(draw.matrix, draw.examples)
    right = [draw.right[b.members[0]] for b in found]
    return Prepared(draw, found, features(found, len(draw.examples)), right)


def behaviour_choice(item: Prepared) -> Choice:
    return item.evidence, item.right, 1.0


def label_choices(item: Prepared, weights: dict[str, float]) -> list[Choice]:
    belief = choose(weights, item.evidence)
    rows = label_evidence(item.draw.matrix, item.draw.examples, item.found, belief)
    choices: list[Choice] = []
    for j, evidence in enumerate(rows):
        if evidence:
            right = [item.draw.label_right(j, c.output) for c in item.draw.matrix.clusters(j)]
            choices.append((evidence, right, 1.0 / len(rows)))
    return choices


def fit(choices: Sequence[Choice], penalty: float = PENALTY, steps: int = 400) -> dict[str, float]:
    """Weights by name; Adam on the penalised mean log-loss, which is convex. The bias is penalised a tenth as much."""
    names = list(choices[0][0][0])
    rows = np.array([[row[name] for name in names] for evidence, _, _ in choices for row in evidence])
    segment = np.repeat(np.arange(len(choices)), [len(evidence) for evidence, _, _ in choices])
    right = np.array([flag for _, flags, _ in choices for flag in flags], float)
    weight = np.array([w for _, _, w in choices])
    several = np.zeros(len(choices))
    np.add.at(several, segment, right)
    target = right / np.maximum(several, 1)[segment]
    shrink = np.array([0.1 if name == "bias" else 1.0 for name in names])
    w, first, second = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, steps + 1):
        odds = np.exp(np.clip(rows @ w, -30, 30))
        total = np.ones(len(choices))
        np.add.at(total, segment, odds)
        error = (odds / total[segment] - target) * weight[segment]
        gradient = rows.T @ error / weight.sum() + penalty * shrink * w
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        w -= 0.1 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(value), 3) for name, value in zip(names, w, strict=True)}


def fit_regime(items: Sequence[Prepared], penalty: float = PENALTY) -> Regime:
    """Fit both choices; labels see the behaviours' beliefs as the first fit has them."""
    behaviour = fit([behaviour_choice(item) for item in items], penalty)
    label = fit([choice for item in items for choice in label_choices(item, behaviour)], penalty)
    return Regime(behaviour=behaviour, label=label)


def crossfit(items: Sequence[Prepared], folds: int = 10, split: int = 0) -> list[tuple[Prepared, Regime]]:
    """Each item with a regime that was fitted without any draw of its problem."""
    names = sorted({item.draw.subject.name for item in items})
    random.Random(split).shuffle(names)
    fold = {name: k % folds for k, name in enumerate(names)}
    out: list[tuple[Prepared, Regime]] = []
    for k in range(folds):
        regime = fit_regime([item for item in items if fold[item.draw.subject.name] != k])
        out += [(item, regime) for item in items if fold[item.draw.subject.name] == k]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--write", action="store_true", help="replace the shipped model")
    options = parser.parse_args()
    judge = RecordedJudge(RECORDING)
    subjects = dev_subjects(judge, options.data)
    regimes = {}
    for name, statement in (("with_examples", True), ("without_examples", False)):
        items = [prepare(d) for _, _, d in draws(subjects, judge, SIZES, options.seeds, statement=statement)]
        regimes[name] = fit_regime([item for item in items if bool(item.draw.examples) == statement])
        print(name, json.dumps(msgspec.to_builtins(regimes[name])))
    judge.close()
    provenance = {
        "command": "python benchmarks/verify_fit.py --write",
        "data": f"{len(subjects)} HumanEval problems with 24 samples of a 16B model each (dual_verify.dev)",
        "draws": f"n = {', '.join(map(str, SIZES))}, {options.seeds} seeds each",
        "method": f"conditional logit with an outside option, L2 penalty {PENALTY}",
        "reported": "never on these fits: benchmarks/verify.py reports cross-fitted figures, grouped by problem",
    }
    model = ConsensusModel(**regimes, provenance=provenance)
    if options.write:
        MODEL.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")


if __name__ == "__main__":
    main()
