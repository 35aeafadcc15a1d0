"""Risk against coverage: what ``labels.py`` computes and draws from picks."""

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from label_rules import Pick

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
TITLES = {
    "consensus": "consensus",
    "dual-verification": "X-Coder's rule",
    "CodeT": "CodeT",
    "largest group": "agreement ranking",
}
SIZE, GAP = 240, 50


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


def figure(populations: Mapping[str, Mapping[str, Sequence[Pick]]]) -> str:
    """Return one SVG: a row for each population, with a panel for each n that it has."""
    parts, columns = [], 0
    for row, (population, by_method) in enumerate(populations.items()):
        y0 = GAP + row * (SIZE + GAP + 20)
        sizes = sorted({pick.n for picks in by_method.values() for pick in picks})
        columns = max(columns, len(sizes))
        for k, n in enumerate(sizes):
            x0 = GAP + k * (SIZE + GAP)
            title = f"{population}, n = {n}" if k == 0 else f"n = {n}"
            parts += _panel(x0, y0, title, {m: [p for p in picks if p.n == n] for m, picks in by_method.items()})
    bottom = GAP + len(populations) * (SIZE + GAP + 20)
    for place, (colour, title) in enumerate(zip(COLOURS, TITLES.values(), strict=True)):
        x = GAP + place * 150
        parts.append(f'<line x1="{x}" y1="{bottom - 4}" x2="{x + 18}" y2="{bottom - 4}" stroke="{colour}"/>')
        parts.append(f'<text x="{x + 24}" y="{bottom}" font-size="12">{title}</text>')
    width, height = GAP + columns * (SIZE + GAP), bottom + 20
    parts.append(
        f'<text x="{width - GAP}" y="{bottom}" font-size="12" text-anchor="end">coverage →, share wrong ↑</text>'
    )
    body = "".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def _panel(x0: float, y0: float, title: str, by_method: Mapping[str, Sequence[Pick]]) -> list[str]:
    parts = [f'<text x="{x0}" y="{y0 - 10}" font-size="13">{title}</text>']
    parts.append(f'<rect x="{x0}" y="{y0}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#888"/>')
    for tick in (0, 0.5, 1):
        y, x = y0 + SIZE * (1 - tick), x0 + SIZE * tick
        parts.append(f'<text x="{x0 - 6}" y="{y + 4:.0f}" font-size="11" text-anchor="end">{tick:g}</text>')
        parts.append(f'<text x="{x:.0f}" y="{y0 + SIZE + 14}" font-size="11" text-anchor="middle">{tick:g}</text>')
    for colour, picks in zip(COLOURS, by_method.values(), strict=True):
        points = curve(picks)
        points = [Point(0.0, points[0].risk), *points]
        path = " ".join(f"{x0 + SIZE * p.coverage:.1f},{y0 + SIZE * (1 - p.risk):.1f}" for p in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return parts


def shown(value: tuple[float, float, float]) -> str:
    return "–" if value[0] != value[0] else f"{value[0]:.3f} ({value[1]:.2f}–{value[2]:.2f})"
