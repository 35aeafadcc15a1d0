"""Power laws y = a · x^b through the results of several seeds: exponents with intervals, residuals, and a bend.

A power law is a line in logarithms, so it is fitted by least squares there, for each seed alone. The exponent is the
mean over seeds with Student's interval: a bootstrap over three seeds would be too narrow.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, linear_regression
from typing import NamedTuple

from stepsmith.core.stats import Mean, mean_of

FEWEST = 3  # sizes that a fit needs
FEWEST_FOR_BEND = 5
LEAST = 1e-3  # smaller values are set to this: a logarithm has no 0


class PowerLaw(NamedTuple):
    """A power law y = ``factor`` · x^``exponent``, with its fit.

    ``residuals`` are log(y) - log(fit) by size, of the geometric means over seeds. ``bend`` is the inner size at which
    two power laws that meet there fit best, ``before`` and ``after`` are their exponents, and ``change`` is after -
    before. As the fit chose the place, the interval of ``change`` is too narrow: if it includes 0 there is no bend, and
    if it excludes 0 that is a hint. They are None with fewer than five sizes.
    """

    factor: float
    exponent: Mean
    residuals: dict[float, float]
    bend: float | None
    before: Mean | None
    after: Mean | None
    change: Mean | None


def power_law(by_seed: Sequence[Mapping[float, float]]) -> PowerLaw | None:
    """Fit a power law to the results by size of each seed; None with fewer than three sizes that all seeds have.

    Sizes must be positive. Values below ``LEAST`` are set to it.
    """
    sizes = sorted(set.intersection(*(set(values) for values in by_seed))) if by_seed else []
    if len(sizes) < FEWEST:
        return None
    x = [math.log(size) for size in sizes]
    seeds = [[math.log(max(values[size], LEAST)) for size in sizes] for values in by_seed]
    lines = [linear_regression(x, y) for y in seeds]
    slope, intercept = fmean(line.slope for line in lines), fmean(line.intercept for line in lines)
    means = [fmean(column) for column in zip(*seeds, strict=True)]
    residuals = {size: mean - (intercept + slope * at) for size, at, mean in zip(sizes, x, means, strict=True)}
    bend = before = after = change = None
    if len(sizes) >= FEWEST_FOR_BEND:
        knot = min(x[1:-1], key=lambda at: _broken(x, means, at)[2])
        slopes = [_broken(x, y, knot)[:2] for y in seeds]
        bend = sizes[x.index(knot)]
        before, after = mean_of([first for first, _ in slopes]), mean_of([second for _, second in slopes])
        change = mean_of([second - first for first, second in slopes])
    return PowerLaw(
        math.exp(intercept), mean_of([line.slope for line in lines]), residuals, bend, before, after, change
    )


def _broken(x: Sequence[float], y: Sequence[float], knot: float) -> tuple[float, float, float]:
    """Return the slopes before and after ``knot`` of the best broken line that is continuous there, and its error.

    The line is c + p·min(x - knot, 0) + q·max(x - knot, 0), whose parts are orthogonal except for the constant c; the
    two normal equations of the centred parts are solved directly.
    """
    left, right = ([min(at - knot, 0) for at in x], [max(at - knot, 0) for at in x])
    u, v, w = (_centred(values) for values in (left, right, y))
    uu, vv, uv, uw, vw = _dot(u, u), _dot(v, v), _dot(u, v), _dot(u, w), _dot(v, w)
    scale = uu * vv - uv * uv
    p, q = (vv * uw - uv * vw) / scale, (uu * vw - uv * uw) / scale
    error = sum((c - p * a - q * b) ** 2 for a, b, c in zip(u, v, w, strict=True))
    return p, q, error


def _centred(values: Sequence[float]) -> list[float]:
    mean = fmean(values)
    return [value - mean for value in values]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))
