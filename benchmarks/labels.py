"""Which labels can be believed on real data: ``python benchmarks/labels.py`` writes results/labels.{json,md,svg}.

48 HumanEval problems with 24 samples of a 16B model each; n = 4, 8, 16 of them are drawn, eight times. Each method
picks a golden solution and ranks the problems; the risk at a coverage is the share of wrong golden solutions among the
problems that rank highest. Problems with equal scores are taken together. The consensus model is cross-fitted by
problem. Three problems that carry another problem's samples are left out (verify_population.MIXED_UP).

The second part compares rules of acceptance, nested: the model *and* the threshold come from the other nine tenths of
the problems, where confidences are cross-fitted once more. Intervals: 95% percentiles of a bootstrap over problems.
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from verify_fit import RECORDINGS, SIZES, WITHOUT, Prepared, behaviour_choice, fit, prepare
from verify_population import DEV, RecordedJudge, dev_subjects, draws

from stepsmith.verify.labels.posterior import choose
from verify import BASELINES, RESULTS, bootstrap, fresh

TITLES = {
    "consensus": "consensus",
    "dual-verification": "X-Coder's rule",
    "CodeT": "CodeT",
    "largest group": "agreement ranking",
}
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
TARGETS = (0.02, 0.05, 0.1)
FOLDS = 10
LEAST = 0.02  # of the draws: fewer accepted ones say nothing about a threshold


class Pick(NamedTuple):
    """What a method says of one draw: the score by which it ranks the problem, and whether its golden is right."""

    problem: str
    n: int
    score: float
    right: bool


class Point(NamedTuple):
    coverage: float
    risk: float


def curve(picks: Sequence[Pick]) -> list[Point]:
    """Return risk against coverage, one point for each score that occurs, highest score first."""
    order = sorted(picks, key=lambda pick: -pick.score)
    points, wrong = [], 0
    for k, pick in enumerate(order, 1):
        wrong += not pick.right
        if k == len(order) or order[k].score != pick.score:
            points.append(Point(k / len(order), wrong / k))
    return points


def area(picks: Sequence[Pick]) -> float:
    """Return the area under the curve of risk over coverage (AURC), linear between points; lower is better."""
    points = curve(picks)
    points = [Point(0.0, points[0].risk), *points]
    return sum((b.coverage - a.coverage) * (a.risk + b.risk) / 2 for a, b in pairwise(points))


def coverage_at(picks: Sequence[Pick], risk: float) -> float:
    """Return the largest coverage whose risk is at most ``risk``."""
    return max((point.coverage for point in curve(picks) if point.risk <= risk + 1e-12), default=0.0)


def over_problems(picks: Sequence[Pick], value: Callable[[Sequence[Pick]], float]) -> tuple[float, float, float]:
    """Return a figure with its interval by a bootstrap over problems."""
    groups: dict[str, list[Pick]] = {}
    for pick in picks:
        groups.setdefault(pick.problem, []).append(pick)
    names, rng = sorted(groups), random.Random(0)
    found = [value([p for name in rng.choices(names, k=len(names)) for p in groups[name]]) for _ in range(300)]
    return value(picks), float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


# --- the consensus model, cross-fitted -------------------------------------------------------------------------------


def folds_of(items: Sequence[Prepared], split: int) -> dict[str, int]:
    names = sorted({item.draw.subject.name for item in items})
    random.Random(split).shuffle(names)
    return {name: k % FOLDS for k, name in enumerate(names)}


def cross_fitted(items: Sequence[Prepared], split: int = 0) -> list[Pick]:
    """Return a pick for every draw, by a model that was fitted without any draw of its problem."""
    fold, out = folds_of(items, split), []
    for k in range(FOLDS):
        rest = [item for item in items if fold[item.draw.subject.name] != k]
        out += picked(rest, [item for item in items if fold[item.draw.subject.name] == k])
    return out


def picked(known: Sequence[Prepared], asked: Sequence[Prepared]) -> list[Pick]:
    """Fit on ``known`` and pick in ``asked``; problems with and without worked examples apart, as the product does."""
    out = []
    for shown in (True, False):
        mine = [item for item in asked if bool(item.draw.examples) == shown]
        if not mine:
            continue
        lessons = [behaviour_choice(item) for item in known if bool(item.draw.examples) == shown]
        weights = fit(lessons, () if shown else WITHOUT["model-samples"])
        for item in mine:
            belief = choose(weights, item.evidence)
            best = max(range(len(belief)), key=lambda i: belief[i])
            n = len(item.draw.matrix.solutions)
            out.append(Pick(item.draw.subject.name, n, belief[best], item.right[best]))
    return out


# --- rules of acceptance ---------------------------------------------------------------------------------------------


def fixed(_: Sequence[Pick], target: float) -> float:
    """The product's rule so far: no accepted problem is wrong with more than twice the target."""
    return 1 - 2 * target


def plug_in(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which no more than the target was wrong."""
    return _lowest(known, lambda accepted, wrong: wrong <= target * accepted)


def one_more(known: Sequence[Pick], target: float) -> float:
    """The same if one more of the accepted problems had been wrong, as conformal risk control assumes.

    (m·risk + 1) / (m + 1) with m accepted problems; the draws of a problem count as one. A target of .02 needs m = 49.
    """
    per = len(known) / len({pick.problem for pick in known})
    return _lowest(known, lambda accepted, wrong: wrong / per + 1 <= target * (accepted / per + 1))


def mean_stated(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which the model itself states a mean error of no more than the target."""
    order = sorted(known, key=lambda pick: -pick.score)
    stated = np.cumsum([1 - pick.score for pick in order]) / np.arange(1, len(order) + 1)
    fine = np.nonzero(stated <= target)[0]
    return order[int(fine[-1])].score if len(fine) else 1.0


def isotonic(known: Sequence[Pick], target: float) -> float:
    """The lowest threshold above which the mean error after isotonic calibration is no more than the target."""
    order = sorted(known, key=lambda pick: -pick.score)
    blocks: list[list[float]] = []  # pool adjacent violators: [wrong, count], the error rises as the score falls
    for pick in order:
        blocks.append([float(not pick.right), 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            wrong, count = blocks.pop()
            blocks[-1][0] += wrong
            blocks[-1][1] += count
    threshold, done, wrong_so_far = 1.0, 0, 0.0
    for wrong, count in blocks:
        wrong_so_far += wrong
        done += int(count)
        if wrong_so_far > target * done:
            break
        threshold = order[done - 1].score
    return threshold


def _lowest(known: Sequence[Pick], fine: Callable[[int, int], bool]) -> float:
    order = sorted(known, key=lambda pick: -pick.score)
    threshold, wrong = 1.0, 0
    for k, pick in enumerate(order, 1):
        wrong += not pick.right
        last_of_score = k == len(order) or order[k].score != pick.score
        if last_of_score and k >= LEAST * len(order) and fine(k, wrong):
            threshold = pick.score
    return threshold


RULES = {
    "1 − 2·target": fixed,
    "lowest threshold, as measured": plug_in,
    "one more wrong": one_more,
    "mean of what is stated": mean_stated,
    "isotonic": isotonic,
}


def accepted(items: Sequence[Prepared], split: int = 0) -> dict[tuple[str, float], list[tuple[Pick, bool]]]:
    """Return, by rule and target, every pick with whether it is accepted; model and threshold are of other problems."""
    fold, out = folds_of(items, split), {(rule, target): [] for rule in RULES for target in TARGETS}
    for k in range(FOLDS):
        known = [item for item in items if fold[item.draw.subject.name] != k]
        inner = cross_fitted(known, split + 1)
        picks = picked(known, [item for item in items if fold[item.draw.subject.name] == k])
        for (rule, target), found in out.items():
            threshold = RULES[rule](inner, target)
            found += [(pick, pick.score >= threshold) for pick in picks]
    return out


# --- what is written -------------------------------------------------------------------------------------------------


def figure(by_method: dict[str, list[Pick]]) -> str:
    """Return one SVG with a panel for each n."""
    size, gap = 240, 50
    parts = []
    for k, n in enumerate(SIZES):
        x0, y0 = gap + k * (size + gap), gap
        parts.append(f'<text x="{x0}" y="{y0 - 10}" font-size="13">n = {n}</text>')
        parts.append(f'<rect x="{x0}" y="{y0}" width="{size}" height="{size}" fill="none" stroke="#888"/>')
        for tick in (0, 0.5, 1):
            y = y0 + size * (1 - tick)
            parts.append(f'<text x="{x0 - 6}" y="{y + 4:.0f}" font-size="11" text-anchor="end">{tick:g}</text>')
            x = x0 + size * tick
            parts.append(f'<text x="{x:.0f}" y="{y0 + size + 14}" font-size="11" text-anchor="middle">{tick:g}</text>')
        for colour, (name, picks) in zip(COLOURS, by_method.items(), strict=True):
            points = curve([pick for pick in picks if pick.n == n])
            points = [Point(0.0, points[0].risk), *points]
            path = " ".join(f"{x0 + size * p.coverage:.1f},{y0 + size * (1 - p.risk):.1f}" for p in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
            if k == 0:
                place = list(by_method).index(name)
                x, y = gap + place * 150, gap + size + 50
                parts.append(f'<line x1="{x}" y1="{y - 4}" x2="{x + 18}" y2="{y - 4}" stroke="{colour}"/>')
                parts.append(f'<text x="{x + 24}" y="{y}" font-size="12">{TITLES[name]}</text>')
    x, y = gap + len(SIZES) * (size + gap) - gap, gap + size + 30
    parts.append(f'<text x="{x}" y="{y}" font-size="12" text-anchor="end">coverage →, share wrong ↑</text>')
    width, height = gap + len(SIZES) * (size + gap), 2 * gap + size + 20
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def shown(value: tuple[float, float, float]) -> str:
    return "–" if value[0] != value[0] else f"{value[0]:.3f} ({value[1]:.2f}–{value[2]:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--seeds", type=int, default=8, help="draws of each problem at each n")
    options = parser.parse_args()
    judge = RecordedJudge(RECORDINGS["model-samples"])
    subjects = dev_subjects(judge, options.data)
    drawn = list(draws(subjects, judge, SIZES, options.seeds))
    items = [prepare(draw) for _, _, draw in drawn]
    by_method = {"consensus": cross_fitted(items)}
    for name in list(TITLES)[1:]:
        picks = []
        for n, seed, draw in drawn:
            found = BASELINES[name](fresh(draw), seed)
            right = found.golden is not None and draw.right[found.golden]
            picks.append(Pick(draw.subject.name, n, found.confidence if found.golden is not None else -1.0, right))
        by_method[name] = picks
    judge.close()
    report: dict[str, object] = {"problems": len(subjects), "seeds": options.seeds}
    lines = ["# Labels on real data", "", (__doc__ or "").split("\n\n", 1)[1].strip(), "", "![risk](labels.svg)", ""]
    lines += ["| method | n | golden right | area under risk–coverage | coverage at risk .02 | at .05 | at .1 |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, picks in by_method.items():
        for n in SIZES:
            mine = [pick for pick in picks if pick.n == n]
            right = over_problems(mine, lambda some: sum(p.right for p in some) / len(some))
            figures = [over_problems(mine, area)]
            figures += [over_problems(mine, lambda some, target=t: coverage_at(some, target)) for t in TARGETS]
            report[f"{name}|{n}"] = {
                "right": right,
                "area": figures[0],
                "coverage_at": figures[1:],
                "curve": curve(mine),
            }
            lines.append(f"| {TITLES[name]} | {n} | {shown(right)} | " + " | ".join(map(shown, figures)) + " |")
    lines += ["", "Rules of acceptance, nested cross-fitting:", ""]
    lines += [
        "| rule | target | " + " | ".join(f"n = {n}: coverage, wrong" for n in SIZES) + " | all: coverage, wrong |"
    ]
    lines += ["|---|---|" + "---|" * (len(SIZES) + 1)]
    for (rule, target), found in accepted(items).items():
        cells = []
        for n in (*SIZES, 0):
            taken: dict[str, list[float]] = {}
            wrong: dict[str, list[float]] = {}
            for pick, ok in found:
                if n in (0, pick.n):
                    taken.setdefault(pick.problem, []).append(ok)
                    wrong.setdefault(pick.problem, []).append(ok and not pick.right)
            coverage, risk = bootstrap(taken), bootstrap(wrong, taken)
            report[f"{rule}|{target}|{n or 'all'}"] = {"coverage": coverage, "wrong": risk}
            cells.append(f"{shown(coverage)}, {shown(risk)}")
        lines.append(f"| {rule} | {target} | " + " | ".join(cells) + " |")
    whole = by_method["consensus"]
    lines += ["", "Thresholds over all problems: " + "; ".join(
        f"{rule}: " + ", ".join(f"{RULES[rule](whole, target):.3f}" for target in TARGETS) for rule in RULES
    )]  # fmt: skip
    (RESULTS / "labels.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "labels.svg").write_text(figure(by_method))
    (RESULTS / "labels.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
