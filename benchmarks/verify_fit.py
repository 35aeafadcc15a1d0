"""Fit the consensus model: ``python benchmarks/verify_fit.py --write`` replaces verify/labels/consensus.json.

Both choices (among behaviours; among outputs where no behaviour is right) are conditional logits with an outside
option, fitted by maximum likelihood with an L2 penalty; every problem weighs the same. What is reported anywhere comes
from ``crossfit``: fitted
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
from label_subjects import learning_subjects
from verify_population import DEV, Draw, RecordedJudge, Subject, dev_subjects, draws, teacher_subjects

from stepsmith.verify.labels.behaviour import Behaviour, behaviours, features
from stepsmith.verify.labels.consensus import output_evidence
from stepsmith.verify.labels.posterior import ConsensusModel, Population, Regime, choose

SIZES, SEEDS = (4, 8, 16), 12
PENALTY = 0.003
MODEL = Path(__file__).parents[1] / "src" / "stepsmith" / "verify" / "labels" / "consensus.json"
BUILD = Path(__file__).parents[1] / "build"
# Among mostly wrong samples, four of four that agree are as often wrong together: the share would make them too sure.
WITHOUT: dict[Population, tuple[str, ...]] = {"model-samples": ("share",), "offline-teacher": ()}
RECORDINGS: dict[Population, Path] = {  # executions, kept between runs
    "model-samples": BUILD / "verify_samples.pickle",
    "offline-teacher": BUILD / "verify_teacher.pickle",
}
TEACHER_PROBLEMS = 150


@dataclass(frozen=True)
class Choice:
    """Alternatives of which at most some are right; ``mass`` is what each is believed before looking at ``evidence``.

    P(alternative) = mass + none · h(evidence). Choosing among behaviours starts from nothing: mass 0, none 1.
    """

    evidence: list[dict[str, float]]
    right: list[bool]
    mass: list[float]
    none: float
    weight: float


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
    return Prepared(draw, found, features(found, len(draw.examples), len(draw.matrix.solutions)), right)


def behaviour_choice(item: Prepared) -> Choice:
    """At most one behaviour is right: equal behaviours are one, and the truth is one behaviour."""
    return Choice(item.evidence, item.right, [0.0] * len(item.right), 1.0, 1.0)


def output_choices(item: Prepared, weights: dict[str, float]) -> list[Choice]:
    belief = choose(weights, item.evidence)
    matrix = item.draw.matrix
    choices = []
    for j, (mass, rows) in enumerate(output_evidence(matrix, item.draw.examples, item.found, belief)):
        if rows:
            right = [item.draw.label_right(j, c.output) for c in matrix.clusters(j)]
            choices.append(Choice(rows, right, mass, 1 - sum(belief), 1 / len(matrix.inputs)))
    return choices


def fit(choices: Sequence[Choice], without: Sequence[str] = (), steps: int = 300) -> dict[str, float]:
    """Weights by name: Adam on the penalised mean log-loss. The bias is penalised a tenth as much as the rest.

    Evidence named in ``without`` gets the weight 0.
    """
    names = [name for name in choices[0].evidence[0] if name not in without]
    rows = np.array([[row[name] for name in names] for choice in choices for row in choice.evidence])
    mass = np.array([m for choice in choices for m in choice.mass])
    right = np.array([flag for choice in choices for flag in choice.right])
    segment = np.repeat(np.arange(len(choices)), [len(choice.evidence) for choice in choices])
    none = np.array([choice.none for choice in choices])
    weight = np.array([choice.weight for choice in choices])
    hopeless = np.ones(len(choices), bool)
    np.logical_and.at(hopeless, segment, ~right)
    known = np.zeros(len(choices))
    np.add.at(known, segment, mass)
    shrink = np.array([0.1 if name == "bias" else 1.0 for name in names])
    w, first, second = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, steps + 1):
        odds = np.exp(np.clip(rows @ w, -30, 30))
        total = np.ones(len(choices))
        np.add.at(total, segment, odds)
        h = odds / total[segment]
        mean = np.zeros((len(choices), len(names)))
        np.add.at(mean, segment, h[:, None] * rows)
        # d log(mass + none·h) for right alternatives; d log(1 - Σ) where none is right.
        at = segment[right]
        pull = none[at] * h[right] / np.maximum(mass[right] + none[at] * h[right], 1e-9) * weight[at]
        gradient = -pull @ (rows[right] - mean[at])
        some = np.zeros(len(choices))
        np.add.at(some, segment, h)
        left = np.maximum(1 - known - none * some, 1e-9)
        push = (none * (1 - some) / left * weight)[hopeless]
        gradient += push @ mean[hopeless]
        gradient = gradient / weight.sum() + PENALTY * shrink * w
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        w -= 0.1 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(value), 3) for name, value in zip(names, w, strict=True)} | dict.fromkeys(without, 0.0)


def fit_regime(items: Sequence[Prepared], population: Population) -> Regime:
    """Fit both choices; the second sees the beliefs that come of the first."""
    with_examples = bool(items[0].draw.examples)
    behaviour = fit([behaviour_choice(item) for item in items], () if with_examples else WITHOUT[population])
    output = fit([choice for item in items for choice in output_choices(item, behaviour)])
    return Regime(behaviour=behaviour, output=output)


def crossfit(
    items: Sequence[Prepared], population: Population, folds: int = 10, split: int = 0
) -> list[tuple[Prepared, Regime]]:
    """Each item with a regime that was fitted without any draw of its problem."""
    names = sorted({item.draw.subject.name for item in items})
    random.Random(split).shuffle(names)
    fold = {name: k % folds for k, name in enumerate(names)}
    out: list[tuple[Prepared, Regime]] = []
    for k in range(folds):
        regime = fit_regime([item for item in items if fold[item.draw.subject.name] != k], population)
        out += [(item, regime) for item in items if fold[item.draw.subject.name] == k]
    return out


def fit_population(
    subjects: Sequence[Subject], population: Population, judge: RecordedJudge, seeds: int
) -> dict[str, Regime]:
    """Both regimes of one population."""
    regimes = {}
    for name, statement in (("with_examples", True), ("without_examples", False)):
        items = [prepare(d) for _, _, d in draws(subjects, judge, SIZES, seeds, statement=statement)]
        regimes[name] = fit_regime([item for item in items if bool(item.draw.examples) == statement], population)
    return regimes


def samples_of(data: Path, codet: Path | None) -> tuple[list[Subject], RecordedJudge]:
    """Return the problems with real samples: the development data and, with a clone of CodeT, 48 more of HumanEval."""
    judge = RecordedJudge(RECORDINGS["model-samples"])
    subjects = dev_subjects(judge, data)
    if codet:
        subjects += learning_subjects(judge, data, codet)
    return subjects, judge


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--codet", type=Path, help="a clone of microsoft/CodeT: 48 more problems of HumanEval")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--write", action="store_true", help="replace the shipped model")
    parser.add_argument("--only", choices=RECORDINGS, help="fit this population and keep the others as they are")
    options = parser.parse_args()
    models = msgspec.json.decode(MODEL.read_bytes(), type=dict[Population, ConsensusModel])
    for population, recording in RECORDINGS.items():
        if options.only not in (None, population):
            continue
        teacher = population == "offline-teacher"
        if teacher:
            judge = RecordedJudge(recording)
            subjects = teacher_subjects(judge, TEACHER_PROBLEMS)
        else:
            subjects, judge = samples_of(options.data, options.codet)
        regimes = fit_population(subjects, population, judge, options.seeds)
        judge.close()
        source = "HumanEval problems, 24 (dual_verify.dev) or 16 samples of a 16B model each"
        if teacher:
            source = "problems of the offline teacher, 24 programs of weak, middling or strong skill models each"
        provenance = {
            "command": f"python benchmarks/verify_fit.py --write --only {population}"
            + " --codet CLONE" * bool(options.codet),
            "data": f"{len(subjects)} {source}",
            "draws": f"n = {', '.join(map(str, SIZES))}, {options.seeds} seeds each",
            "method": f"conditional logits with an outside option, L2 penalty {PENALTY}",
            "reported": "never on these fits: benchmarks/verify.py reports cross-fitted figures, grouped by problem",
        }
        models[population] = ConsensusModel(**regimes, provenance=provenance)
        print(population, json.dumps(msgspec.to_builtins(regimes)))
    if options.write:
        MODEL.write_bytes(msgspec.json.format(msgspec.json.encode(models), indent=2) + b"\n")


if __name__ == "__main__":
    main()
