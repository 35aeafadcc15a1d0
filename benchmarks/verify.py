"""Verification methods on the same candidates: ``python benchmarks/verify.py`` writes results/verify.{json,md}.

Two populations (verify_population.py), n = 4, 8, 16 candidates, several seeds. Everything that was fitted is
cross-fitted: a problem's figures come from a model that never saw any draw of that problem. Intervals are 95%
percentiles of a bootstrap over problems. Reliability diagrams: benchmarks/results/verify_reliability_*.svg.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from verify_fit import RECORDINGS, SIZES, TEACHER_PROBLEMS, crossfit, prepare, samples_of
from verify_population import DEV, Draw, RecordedJudge, Subject, draws, teacher_subjects

from stepsmith.verify.labels.consensus import ConsensusSettings, needed_probability, verify_consensus
from stepsmith.verify.labels.dual_verification import DualVerificationSettings, verify_dual
from stepsmith.verify.labels.posterior import ConsensusModel, Population
from stepsmith.verify.labels.verification import Label, Verification
from stepsmith.verify.labels.vote import verify_majority
from stepsmith.verify.matrix import ExecutionMatrix

RESULTS = Path(__file__).parent / "results"
TARGETS = (0.02, 0.1)
FOLDS = 5


@dataclass(frozen=True)
class Result:
    """One method on one draw."""

    problem: str
    n: int
    method: str
    labels: tuple[tuple[float, bool], ...]  # (confidence, right)
    golden: bool
    confidence: float  # of the golden: a probability, or whatever the method ranks by
    accepted: dict[float, bool]  # by target error; methods without one accept or drop regardless
    executions: int
    full: int  # runs of the full matrix, examples included


def fresh(draw: Draw) -> ExecutionMatrix:
    """A matrix that counts from nothing."""
    return ExecutionMatrix(draw.matrix.judge, draw.subject.contract, draw.matrix.solutions, draw.subject.inputs)


def codet(matrix: ExecutionMatrix) -> Verification:
    """CodeT (Chen et al. 2022) without generated tests: consensus sets over pairs that two candidates propose.

    A test is an (input, output) that at least two candidates give; candidates that pass the same tests form a set;
    its score is its size times the number of those tests. The golden is a member of the best set.
    """
    matrix.fill()
    passed: list[list[int]] = [[] for _ in matrix.solutions]
    first: list[dict[int, str]] = [{} for _ in matrix.solutions]
    for j in range(len(matrix.inputs)):
        for k, cluster in enumerate(matrix.clusters(j)):
            for i in cluster.members:
                first[i][j] = cluster.output
                if cluster.size > 1:
                    passed[i].append(1000 * j + k)
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, tests in enumerate(passed):
        groups[tuple(tests)].append(i)
    best = max(groups, key=lambda key: (len(groups[key]) * len(key), -groups[key][0]))
    golden = groups[best][0]
    labels = tuple(Label(output=first[golden].get(j)) for j in range(len(matrix.inputs)))
    score = len(groups[best]) * len(best) / (len(matrix.solutions) * len(matrix.inputs))
    return Verification(
        method="codet", labels=labels, golden=golden, confidence=score, status="accepted", executions=matrix.executions
    )


def largest_group(matrix: ExecutionMatrix) -> Verification:
    """Rank problems by the size of the largest group that agrees on every input."""
    matrix.fill()
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i in range(len(matrix.solutions)):
        where = tuple(
            next((k for k, c in enumerate(matrix.clusters(j)) if i in c.members), -1) for j in range(len(matrix.inputs))
        )
        if any(k >= 0 for k in where):
            groups[where].append(i)
    if not groups:
        return verify_majority(matrix)
    best = max(groups, key=lambda key: (len(groups[key]), -groups[key][0]))
    clusters = [matrix.clusters(j) for j in range(len(matrix.inputs))]
    labels = tuple(Label(output=clusters[j][k].output if k >= 0 else None) for j, k in enumerate(best))
    return Verification(
        method="largest group",
        labels=labels,
        golden=groups[best][0],
        confidence=len(groups[best]) / len(matrix.solutions),
        status="accepted",
        executions=matrix.executions,
    )


BASELINES: dict[str, Callable[[ExecutionMatrix, int], Verification]] = {
    "majority": lambda matrix, _: verify_majority(matrix),
    "dual-verification": lambda matrix, seed: verify_dual(
        matrix, seed=seed, settings=DualVerificationSettings(weights="size")
    ),
    "CodeT": lambda matrix, _: codet(matrix),
    "largest group": lambda matrix, _: largest_group(matrix),
}


def result(draw: Draw, n: int, method: str, verification: Verification, accepted: dict[float, bool]) -> Result:
    labels = tuple((label.confidence, draw.label_right(j, label.output)) for j, label in enumerate(verification.labels))
    extra = {example.input for example in draw.examples} - set(draw.subject.inputs)
    return Result(
        problem=draw.subject.name,
        n=n,
        method=method,
        labels=labels or ((0.0, False),) * len(draw.subject.inputs),
        golden=verification.golden is not None and draw.right[verification.golden],
        confidence=verification.confidence,
        accepted=accepted,
        executions=verification.executions,
        full=draw.matrix.distinct * (len(draw.subject.inputs) + len(extra)),
    )


def measure(
    subjects: Sequence[Subject], population: Population, judge: RecordedJudge, seeds: int, *, statement: bool
) -> list[Result]:
    """All methods on all draws; the baselines only where statements are shown, since they read none."""
    results = []
    items = [(n, seed, prepare(d)) for n, seed, d in draws(subjects, judge, SIZES, seeds, statement=statement)]
    if statement:
        for n, seed, item in items:
            for method, verify in BASELINES.items():
                verification = verify(fresh(item.draw), seed)
                taken = verification.status == "accepted"
                results.append(result(item.draw, n, method, verification, dict.fromkeys(TARGETS, taken)))
    fitted = []
    for with_examples in (True, False):
        some = [item for _, _, item in items if bool(item.draw.examples) == with_examples]
        fitted += crossfit(some, population, FOLDS) if some else []
    regime_of = {id(item): regime for item, regime in fitted}
    for n, _, item in items:
        model = ConsensusModel(
            with_examples=regime_of[id(item)], without_examples=regime_of[id(item)], provenance={"": "cross-fitted"}
        )
        for prune_runs in (False, True) if statement else (True,):
            settings = ConsensusSettings(target_error=TARGETS[0], prune_runs=prune_runs)
            v = verify_consensus(fresh(item.draw), examples=item.draw.examples, settings=settings, model=model)
            sound = v.golden is not None and v.reason in ("", "low-confidence", "many-valid-answers", "examples-unmet")
            taken = {target: sound and v.confidence >= needed_probability(target, population) for target in TARGETS}
            name = "consensus" if statement else "consensus, no statement"
            results.append(result(item.draw, n, name if prune_runs else f"{name}, full matrix", v, taken))
    return results


def bootstrap(
    values: dict[str, list[float]], weights: dict[str, list[float]] | None = None
) -> tuple[float, float, float]:
    """(mean, low, high) of values grouped by problem; with ``weights`` a ratio of sums."""
    names = sorted(values)
    top = np.array([sum(values[name]) for name in names])
    below = np.array([sum(weights[name]) if weights else len(values[name]) for name in names])
    if not below.sum():
        return float("nan"), float("nan"), float("nan")
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(names), (1000, len(names)))
    totals = below[rows].sum(1)
    ratios = top[rows].sum(1)[totals > 0] / totals[totals > 0]
    return float(top.sum() / below.sum()), float(np.quantile(ratios, 0.025)), float(np.quantile(ratios, 0.975))


def grouped(results: Sequence[Result], value: Callable[[Result], float]) -> dict[str, list[float]]:
    out: dict[str, list[float]] = defaultdict(list)
    for r in results:
        out[r.problem].append(value(r))
    return out


def summary(results: Sequence[Result]) -> dict[str, object]:
    """The figures of one method at one n."""

    def mean_right(r: Result) -> float:
        return sum(right for _, right in r.labels) / len(r.labels)

    def sure(r: Result, right: bool) -> float:
        return sum(c >= 0.95 and (ok or not right) for c, ok in r.labels) / len(r.labels)

    row: dict[str, object] = {
        "draws": len(results),
        "label_accuracy": bootstrap(grouped(results, mean_right)),
        "golden_right": bootstrap(grouped(results, lambda r: r.golden)),
        "label_brier": float(np.mean([np.mean([(c - ok) ** 2 for c, ok in r.labels]) for r in results])),
        "golden_brier": float(np.mean([(r.confidence - r.golden) ** 2 for r in results])),
        "sure_labels": bootstrap(grouped(results, lambda r: sure(r, False)))[0],
        "sure_labels_right": bootstrap(
            grouped(results, lambda r: sure(r, True)), grouped(results, lambda r: sure(r, False))
        ),
        "executions": float(np.mean([r.executions for r in results])),
        "executions_full": float(np.mean([r.full for r in results])),
    }
    for target in TARGETS:
        taken = grouped(results, lambda r: r.accepted[target])  # noqa: B023 - used at once
        wrong = grouped(results, lambda r: r.accepted[target] and not r.golden)  # noqa: B023
        row[f"coverage@{target}"] = bootstrap(taken)
        row[f"error@{target}"] = bootstrap(wrong, taken)
        accepted = sum(r.accepted[target] for r in results)
        row[f"executions_per_accepted@{target}"] = sum(r.executions for r in results) / max(1, accepted)
    order = sorted(results, key=lambda r: -r.confidence)
    row["right_at_coverage"] = {
        str(c): float(np.mean([r.golden for r in order[: max(1, int(c * len(order)))]]))
        for c in (0.1, 0.15, 0.25, 0.3, 0.4)
    }
    return row


def coverage_at_error(results: Sequence[Result], error: float) -> float:
    """The largest share of problems, best ranked first, of which no more than ``error`` have a wrong golden."""
    order = sorted(results, key=lambda r: (-r.confidence, random.Random(r.problem).random()))
    wrong = np.cumsum([not r.golden for r in order]) / np.arange(1, len(order) + 1)
    fine = np.nonzero(wrong <= error + 1e-12)[0]
    return (int(fine[-1]) + 1) / len(order) if len(fine) else 0.0


def reliability_svg(results: Sequence[Result], title: str) -> str:
    """A reliability diagram: stated probability against observed share, labels and goldens, in ten bins."""
    size, margin = 320, 40
    points = {"labels": [p for r in results for p in r.labels], "goldens": [(r.confidence, r.golden) for r in results]}
    parts = [f'<text x="{margin}" y="20" font-size="13">{title}</text>']
    x0, y0 = margin, margin + size
    parts.append(f'<rect x="{x0}" y="{margin}" width="{size}" height="{size}" fill="none" stroke="#888"/>')
    parts.append(f'<line x1="{x0}" y1="{y0}" x2="{x0 + size}" y2="{margin}" stroke="#bbb" stroke-dasharray="4"/>')
    for colour, (name, pairs) in zip(("#1f77b4", "#d62728"), points.items(), strict=True):
        edges = np.linspace(0, 1, 11)
        path = []
        for low, high in pairwise(edges):
            inside = [(c, ok) for c, ok in pairs if low <= c < high or (high == 1 and c == 1)]
            if len(inside) < 5:
                continue
            stated, seen = np.mean([c for c, _ in inside]), np.mean([ok for _, ok in inside])
            x, y = x0 + size * stated, y0 - size * seen
            radius = 2 + 5 * (len(inside) / len(pairs)) ** 0.5
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.7"/>')
            path.append(f"{x:.1f},{y:.1f}")
        parts.append(f'<polyline points="{" ".join(path)}" fill="none" stroke="{colour}"/>')
        y = y0 + (16 if name == "labels" else 32)
        parts.append(f'<text x="{x0}" y="{y}" font-size="12" fill="{colour}">{name} ({len(pairs)})</text>')
    parts.append(f'<text x="{x0 + size - 130}" y="{y0 + 16}" font-size="12">stated → observed ↑</text>')
    box = size + 2 * margin
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{box}" height="{box}" font-family="sans-serif">{body}</svg>\n'
    )


def table(report: dict[str, dict[str, object]]) -> list[str]:
    """Markdown rows of one population."""

    def interval(value: object) -> str:
        mean, low, high = value  # type: ignore[misc]
        return "–" if mean != mean else f"{mean:.3f} ({low:.2f}–{high:.2f})"

    lines = [
        "| method | n | labels right | golden right | coverage / wrong @0.02 | coverage / wrong @0.1 | "
        "Brier labels / golden | labels ≥ .95: share, right | runs / full matrix |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for key, row in report.items():
        method, n = key.rsplit("|", 1)
        cells = [method, n, interval(row["label_accuracy"]), interval(row["golden_right"])]
        for target in TARGETS:
            coverage, error = row[f"coverage@{target}"][0], row[f"error@{target}"]  # type: ignore[index]
            cells.append(f"{coverage:.3f} / {interval(error)}")
        cells.append(f"{row['label_brier']:.3f} / {row['golden_brier']:.3f}")
        cells.append(f"{row['sure_labels']:.3f}, {interval(row['sure_labels_right'])}")
        cells.append(f"{row['executions']:.0f} / {row['executions_full']:.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def measured(
    subjects: Sequence[Subject], population: Population, judge: RecordedJudge, seeds: int
) -> dict[str, object]:
    """Return the figures of a population and draw its reliability diagram."""
    results: list[Result] = []
    for statement in (True, False):
        results += measure(subjects, population, judge, seeds, statement=statement)
    rows = {
        f"{method}|{n}": summary([r for r in results if r.method == method and r.n == n])
        for method in dict.fromkeys(r.method for r in results)
        for n in SIZES
    }
    for n in SIZES:
        ours = [r for r in results if r.method == "consensus" and r.n == n]
        groups = [r for r in results if r.method == "largest group" and r.n == n]
        for target in TARGETS:
            error = rows[f"consensus|{n}"][f"error@{target}"][0]  # type: ignore[index]
            allowed = max(error, target) if error == error else target
            rows[f"largest group|{n}"][f"coverage_at_error@{target}"] = coverage_at_error(groups, allowed)
            rows[f"consensus|{n}"][f"coverage_at_error@{target}"] = coverage_at_error(ours, allowed)
    pooled = [r for r in results if r.method == "consensus"]
    (RESULTS / f"verify_reliability_{population}.svg").write_text(reliability_svg(pooled, f"consensus, {population}"))
    share = sum(sum(s.right) for s in subjects) / sum(len(s.right) for s in subjects)
    return {"problems": len(subjects), "right": share, "seeds": seeds, "rows": rows}


def section(population: str, found: Mapping[str, Any]) -> list[str]:
    """Return the Markdown of a population."""
    rows = found["rows"]
    head = f"{found['problems']} problems, {found['right']:.1%} of candidates right, {found['seeds']} seeds"
    lines = [f"## {population}: {head}", "", *table(rows)]
    lines += ["", "Coverage at equal error (largest of target and the error above), by ranking:", ""]
    for n in SIZES:
        for target in TARGETS:
            ours, groups = (
                rows[f"{method}|{n}"][f"coverage_at_error@{target}"] for method in ("consensus", "largest group")
            )
            lines.append(f"- n = {n}, target {target}: consensus {ours:.3f}, largest group {groups:.3f}")
    return [*lines, "", f"![reliability](verify_reliability_{population}.svg)", ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="draws of each problem at each n")
    parser.add_argument("--teacher-seeds", type=int, default=2)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--codet", type=Path, help="a clone of microsoft/CodeT: 48 more problems of HumanEval")
    parser.add_argument("--only", choices=RECORDINGS, help="measure this population and keep the other's figures")
    options = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    figures = RESULTS / "verify.json"
    report: dict[str, dict[str, object]] = json.loads(figures.read_text()) if options.only else {}
    for population, recording in RECORDINGS.items():
        if options.only not in (None, population):
            continue
        teacher = population == "offline-teacher"
        if not teacher and not options.data.exists():
            raise SystemExit(f"{options.data} does not exist; give the development data with --data")
        if teacher:
            judge = RecordedJudge(recording)
            subjects = teacher_subjects(judge, TEACHER_PROBLEMS)
        else:
            subjects, judge = samples_of(options.data, options.codet)
        report[population] = measured(subjects, population, judge, options.teacher_seeds if teacher else options.seeds)
        judge.close()
    lines = ["# Verification, measured", "", (__doc__ or "").split("\n\n", 1)[1].strip(), ""]
    for population, found in report.items():
        lines += section(population, found)
    figures.write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "verify.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
