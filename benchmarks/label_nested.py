"""The consensus model and rules of acceptance, fitted without the problems on which they are read."""

import random
from collections.abc import Sequence

from label_rules import RULES, Pick
from verify_fit import WITHOUT, Prepared, behaviour_choice, fit

from stepsmith.verify.labels.posterior import choose, shipped_model
from verify import bootstrap

TARGETS = (0.02, 0.05, 0.1)
FOLDS = 10
Accepted = dict[tuple[str, float], list[tuple[Pick, bool]]]
Figure = tuple[float, float, float]  # with the ends of its 95% interval


def folds_of(items: Sequence[Prepared], split: int) -> dict[str, int]:
    names = sorted({item.draw.subject.name for item in items})
    random.Random(split).shuffle(names)
    return {name: k % FOLDS for k, name in enumerate(names)}


def cross_fitted(items: Sequence[Prepared], split: int = 0, without: Sequence[str] = ()) -> list[Pick]:
    """Return a pick for every draw, by a model that was fitted without any draw of its problem."""
    fold, out = folds_of(items, split), []
    for k in range(FOLDS):
        rest = [item for item in items if fold[item.draw.subject.name] != k]
        out += picked(rest, [item for item in items if fold[item.draw.subject.name] == k], without)
    return out


def picked(known: Sequence[Prepared], asked: Sequence[Prepared], without: Sequence[str] = ()) -> list[Pick]:
    """Fit on ``known`` and pick in ``asked``; problems with and without worked examples apart, as the product does.

    Evidence named in ``without`` is not used.
    """
    out = []
    for examples in (True, False):
        mine = [item for item in asked if bool(item.draw.examples) == examples]
        if not mine:
            continue
        lessons = [behaviour_choice(item) for item in known if bool(item.draw.examples) == examples]
        if lessons:
            weights = fit(lessons, without if examples else (*WITHOUT["model-samples"], *without))
        else:  # all of the 48 problems show examples: the shipped weights, fitted on them with their statements hidden
            shipped = shipped_model("model-samples").without_examples.behaviour
            weights = dict.fromkeys(mine[0].evidence[0], 0.0) | shipped
        for item in mine:
            belief = choose(weights, item.evidence)
            best = max(range(len(belief)), key=lambda i: belief[i])
            n = len(item.draw.matrix.solutions)
            out.append(Pick(item.draw.subject.name, n, belief[best], item.right[best]))
    return out


def by_rule(known: Sequence[Pick], picks: Sequence[Pick]) -> Accepted:
    """Return, by rule and target, every pick with whether it is accepted by the threshold of ``known``."""
    thresholds = {(name, target): rule(known, target) for name, rule in RULES.items() for target in TARGETS}
    return {key: [(pick, pick.score >= threshold) for pick in picks] for key, threshold in thresholds.items()}


def nested(items: Sequence[Prepared], split: int = 0, without: Sequence[str] = ()) -> Accepted:
    """Return what is accepted if model and threshold are of other problems."""
    fold, out = folds_of(items, split), {(rule, target): [] for rule in RULES for target in TARGETS}
    for k in range(FOLDS):
        known = [item for item in items if fold[item.draw.subject.name] != k]
        picks = picked(known, [item for item in items if fold[item.draw.subject.name] == k], without)
        for key, found in by_rule(cross_fitted(known, split + 1, without), picks).items():
            out[key] += found
    return out


def coverage_and_wrong(found: Sequence[tuple[Pick, bool]], n: int = 0) -> tuple[Figure, Figure]:
    """Return the share that is accepted and that of wrong ones in it, with ``n`` (0: any number of) candidates."""
    taken: dict[str, list[float]] = {}
    wrong: dict[str, list[float]] = {}
    for pick, ok in found:
        if n in (0, pick.n):
            taken.setdefault(pick.problem, []).append(ok)
            wrong.setdefault(pick.problem, []).append(ok and not pick.right)
    return bootstrap(taken), bootstrap(wrong, taken)
