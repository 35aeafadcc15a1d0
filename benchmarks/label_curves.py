"""Risk against coverage: what ``labels.py`` computes and draws from picks."""

from collections.abc import Mapping, Sequence
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
RESAMPLES = 1000


class Curves(NamedTuple):
    """Risk against coverage of the picks (row 0) and of resamples of their problems, arrays of (row, score).

    Columns are scores, highest first. A score that a resample lacks repeats the column before it and adds no point.
    """

    coverage: np.ndarray
    risk: np.ndarray


def curves(picks: Sequence[Pick], resamples: int = RESAMPLES) -> Curves:
    """Return the curves of ``picks`` and of a bootstrap over problems, which takes all draws of a problem together."""
    order = sorted(picks, key=lambda pick: -pick.score)
    names = sorted({pick.problem for pick in order})
    place = {name: k for k, name in enumerate(names)}
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    times = np.vstack([np.ones((1, len(names)), int), drawn])[:, [place[pick.problem] for pick in order]]
    last = [k for k, pick in enumerate(order) if k + 1 == len(order) or order[k + 1].score != pick.score]
    taken = times.cumsum(1)[:, last]
    wrong = (times * [not pick.right for pick in order]).cumsum(1)[:, last]
    risk = wrong / np.maximum(taken, 1)
    first = (taken > 0).argmax(1)  # before it nothing is taken: the curve starts at coverage 0 with its first risk
    risk = np.where(taken > 0, risk, np.take_along_axis(risk, first[:, None], 1))
    return Curves(taken / taken[:, -1:], risk)


def area(found: Curves) -> np.ndarray:
    """Return the area under each curve of risk over coverage (AURC), linear between points; lower is better."""
    zero = np.zeros((len(found.risk), 1))
    return np.trapezoid(np.hstack([found.risk[:, :1], found.risk]), np.hstack([zero, found.coverage]), axis=1)


def coverage_at(found: Curves, risk: float) -> np.ndarray:
    """Return for each curve the largest coverage whose risk is at most ``risk``."""
    return np.where(found.risk <= risk + 1e-12, found.coverage, 0.0).max(1)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the figure of row 0 with the 95% percentiles of the other rows."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return float(values[0]), float(low), float(high)


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
        found = curves(picks, 0)
        points = [(0.0, found.risk[0, 0]), *zip(found.coverage[0], found.risk[0], strict=True)]
        path = " ".join(f"{x0 + SIZE * coverage:.1f},{y0 + SIZE * (1 - risk):.1f}" for coverage, risk in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return parts


def shown(value: tuple[float, float, float]) -> str:
    return "–" if value[0] != value[0] else f"{value[0]:.3f} ({value[1]:.2f}–{value[2]:.2f})"
