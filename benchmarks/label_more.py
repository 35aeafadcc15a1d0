"""Do more problems, more evidence or another rule buy coverage at the same risk? ``labels.py`` asks it last.

Everything is chosen on the learning problems, by cross-fitting: evidence that lowers the log-loss is taken one by one,
and of the rules the one with the largest coverage whose nested risk is within the target. Then the reading problems,
which nothing has looked at, are read once.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from label_curves import shown
from label_nested import TARGETS, Figure, by_rule, coverage_and_wrong, cross_fitted, folds_of, nested, picked
from label_rules import RULES
from verify_fit import Prepared, behaviour_choice, fit

from stepsmith.core.records import Verdict
from stepsmith.verify.labels.behaviour import Behaviour
from stepsmith.verify.labels.posterior import choose

FOLDS = 5
AS_IS = "1 − 2·target"
LEAST_GAIN = 0.002  # nats for each draw


def richer(item: Prepared) -> Prepared:
    """Return the same with further evidence on each behaviour."""
    examples, matrix = len(item.draw.examples), item.draw.matrix
    passing = sorted((b.effective for b in item.found if b.passed == examples), reverse=True)

    def more(b: Behaviour) -> dict[str, float]:
        passes = float(bool(examples) and b.passed == examples)
        next_best = passing[1] if len(passing) > 1 and b.effective == passing[0] else (passing or [1.0])[0]
        outputs = Counter(run.output for run in matrix.row(b.members[0]) if run.verdict is Verdict.AC)
        entropy = -sum(k / len(matrix.inputs) * math.log2(k / len(matrix.inputs)) for k in outputs.values())
        return {
            "passes:share": passes * len(b.members) / len(matrix.solutions),  # of all who voted
            "passes:lead": passes * math.log2(b.effective / max(1.0, next_best)),  # over the strongest other one
            "passes:entropy": passes * entropy,  # of its outputs, in bits: agreeing on diverse outputs says more
            "passes:inputs": passes * math.log2(1 + len(matrix.inputs)),
            "passes:repeats": passes
            * (len(b.members) - b.effective),  # votes of equal structure: few ways, one mistake
        }

    rows = [{**row, **more(b)} for row, b in zip(item.evidence, item.found, strict=True)]
    return replace(item, evidence=rows)


MORE = ("passes:share", "passes:lead", "passes:entropy", "passes:inputs", "passes:repeats")


def log_loss(known: Sequence[Prepared], asked: Sequence[Prepared], without: Sequence[str]) -> list[float]:
    """Return for each of ``asked`` the loss of its right behaviour, or of "none is right", in nats."""
    weights = fit([behaviour_choice(item) for item in known], without)
    out = []
    for item in asked:
        belief = choose(weights, item.evidence)
        held = sum(p for p, right in zip(belief, item.right, strict=True) if right)
        out.append(-math.log(max(held if any(item.right) else 1 - sum(belief), 1e-9)))
    return out


def chosen_evidence(items: Sequence[Prepared], fold: Mapping[str, int]) -> tuple[list[str], list[tuple[str, float]]]:
    """Return the evidence to leave out, and each step of the search with its cross-fitted loss."""

    def loss(without: Sequence[str]) -> float:
        found: list[float] = []
        for k in range(FOLDS):
            rest = [item for item in items if fold[item.draw.subject.name] % FOLDS != k]
            found += log_loss(rest, [item for item in items if fold[item.draw.subject.name] % FOLDS == k], without)
        return float(np.mean(found))

    without, best = list(MORE), loss(MORE)
    steps = [("as it is", best)]
    while without:
        tried = {name: loss([other for other in without if other != name]) for name in without}
        name = min(tried, key=lambda name: tried[name])
        steps.append((f"with {name}", tried[name]))
        if best - tried[name] < LEAST_GAIN:
            break
        without.remove(name)
        best = tried[name]
    return without, steps


def more_coverage(
    first: Sequence[Prepared], learning: Sequence[Prepared], reading: Mapping[str, Sequence[Prepared]]
) -> list[str]:
    """Return Markdown: what is accepted of ``reading`` as it is, fitted on ``first``, and then step by step."""
    first, learning = [richer(item) for item in first], [richer(item) for item in learning]
    without, steps = chosen_evidence([item for item in learning if item.draw.examples], folds_of(learning, 2))
    inner = nested(learning, 0, without)
    learned = {key: coverage_and_wrong(found) for key, found in inner.items()}
    chosen = {target: best_rule(learned, target) for target in TARGETS}
    known = cross_fitted(learning, 0, without)
    problems = len({item.draw.subject.name for item in learning})
    lines = ["", "## Coverage at the same risk", "", (__doc__ or "").split("\n\n", 1)[1].strip(), ""]
    lines += [f"{problems} learning problems. Log-loss: " + ", ".join(f"{name} {x:.4f}" for name, x in steps) + "; "]
    lines[-1] += f"evidence is taken if it gains {LEAST_GAIN}. Learning problems, nested cross-fitting:"
    lines += ["", "| rule | " + " | ".join(f"target {target}: coverage, wrong" for target in TARGETS) + " |"]
    lines += ["|---|" + "---|" * len(TARGETS)]
    for rule in RULES:
        cells = [", ".join(map(shown, learned[rule, target])) + " *" * (chosen[target] == rule) for target in TARGETS]
        lines.append(f"| {rule} | " + " | ".join(cells) + " |")
    lines += ["", "The chosen rules have a star. Reading problems:", ""]
    lines += ["| problems | target | fitted on, rule | coverage, wrong | n = 8 |", "|---|---|---|---|---|"]
    for title, items in reading.items():
        items = [richer(item) for item in items]
        arms = {f"48 problems, {AS_IS}": by_rule(known, picked(first, items, MORE))}
        arms[f"{problems} problems, {AS_IS}"] = by_rule(known, picked(learning, items, MORE))
        best = by_rule(known, picked(learning, items, without))
        for target in TARGETS:
            rows = {name: found[AS_IS, target] for name, found in arms.items()}
            rows[f"{problems} problems, {chosen[target]}"] = best[chosen[target], target]
            for name, found in rows.items():
                cells = [", ".join(map(shown, coverage_and_wrong(found, n))) for n in (0, 8)]
                count = len({item.draw.subject.name for item in items})
                lines.append(f"| {title}, {count} problems | {target} | {name} | {cells[0]} | {cells[1]} |")
    return lines


def best_rule(learned: Mapping[tuple[str, float], tuple[Figure, Figure]], target: float) -> str:
    """Return the rule with the largest coverage whose risk is within the target."""
    sound = {name: coverage[0] for (name, wanted), (coverage, wrong) in learned.items() if wanted == target >= wrong[0]}
    return max(sound, key=lambda name: sound[name]) if sound else AS_IS
