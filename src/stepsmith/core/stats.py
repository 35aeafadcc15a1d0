"""Statistics: pass rates with intervals, means over runs, and paired differences."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from stepsmith.core.records import Band, PassRate

# Deep Dive's bins on the measured pass rate (arXiv 2603.24202, data section): hard .10-.26, medium .26-.61,
# easy-medium .61-.85, easy .85-.97. The paper has no bins below .10 and above .97; ours extend the outer ones.
BAND_EDGES: tuple[tuple[float, Band], ...] = ((0.26, "hard"), (0.61, "medium"), (0.85, "easy-medium"))

BAND_CONFIDENCE = 0.75  # ours: how probable a band must be to be claimed


def wilson_interval(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a binomial proportion (Wilson 1927), as (low, high) in [0, 1].

    Counts may be fractional, for example discounted counts. Without trials the interval is [0, 1].
    Raises ``ValueError`` unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"need 0 <= successes <= trials, got {successes} of {trials}")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = successes / trials
    centre = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == trials else (centre + spread) / scale
    return low, high


def pass_rate(passes: int, attempts: int, confidence: float = BAND_CONFIDENCE) -> PassRate:
    """Return a pass rate with its 95% Wilson interval, and with its band where one is settled at ``confidence``.

    Raises ``ValueError`` unless 0 <= passes <= attempts.
    """
    low, high = wilson_interval(passes, attempts)
    band = settled_band(passes, attempts, confidence)
    return PassRate(passes=passes, attempts=attempts, low=low, high=high, band=band)


def band_of(rate: float) -> Band:
    """Return the difficulty band of a pass rate in [0, 1], by Deep Dive's edges."""
    for edge, band in BAND_EDGES:
        if rate < edge:
            return band
    return "easy"


def likely_band(rate: PassRate | None) -> Band | None:
    """Return the band of the rate itself, whether settled or not; None without a counted attempt."""
    return band_of(rate.rate) if rate is not None and rate.attempts else None


@lru_cache(maxsize=4096)
def band_probabilities(passes: int, attempts: int) -> dict[Band, float]:
    """Return the probability of each band after ``passes`` of ``attempts``, from a uniform prior of the pass rate.

    The pass rate then has the density Beta(passes + 1, attempts - passes + 1), and is below an edge e with probability
    P(X > passes) for X ~ Binomial(attempts + 1, e). Raises ``ValueError`` unless 0 <= passes <= attempts.
    """
    if not 0 <= passes <= attempts:
        raise ValueError(f"need 0 <= passes <= attempts, got {passes} of {attempts}")
    trials = attempts + 1
    found: dict[Band, float] = {}
    before = 0.0
    for edge, band in BAND_EDGES:
        below = sum(math.comb(trials, k) * edge**k * (1 - edge) ** (trials - k) for k in range(passes + 1, trials + 1))
        found[band], before = below - before, below
    found["easy"] = 1.0 - before
    return found


def settled_band(passes: int, attempts: int, confidence: float) -> Band | None:
    """Return the band that holds the pass rate with a probability of at least ``confidence``; None if none does.

    A credible interval of that confidence lies inside the band. The probability does not depend on why the attempts
    ended, so it also holds if they end because a band is settled.
    """
    band, probability = max(band_probabilities(passes, attempts).items(), key=lambda item: item[1])
    return band if probability >= confidence else None


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the unbiased estimate of pass@k from ``c`` passes in ``n`` samples (Chen et al., arXiv 2107.03374).

    Raises ``ValueError`` unless 0 <= c <= n and 1 <= k <= n.
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError(f"need 0 <= c <= n and 1 <= k <= n, got n={n}, c={c}, k={k}")
    return 1.0 - math.comb(n - c, k) / math.comb(n, k)


class ClusteredMean(NamedTuple):
    """A mean over clusters, with its standard error and 95% interval by the bootstrap over clusters."""

    mean: float
    standard_error: float
    low: float
    high: float


def clustered_mean(values: Sequence[float], seed: int = 0, draws: int = 2000) -> ClusteredMean:
    """Return the mean of one value per cluster (a problem's share of passed samples) with its bootstrap error.

    Whole clusters are drawn with replacement (Efron 1979), because samples of one problem are not independent. The
    interval is that of percentiles. Raises ``ValueError`` without values.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    rng, n = random.Random(seed), len(values)
    means = sorted(fmean(rng.choices(values, k=n)) for _ in range(draws))
    error = stdev(means) if draws > 1 else 0.0
    return ClusteredMean(fmean(values), error, means[int(0.025 * draws)], means[int(0.975 * draws)])


class Mean(NamedTuple):
    """A mean over n runs; its 95% interval is None for fewer than two runs."""

    n: int
    mean: float
    interval: tuple[float, float] | None


class Paired(NamedTuple):
    """The mean difference of paired runs (here: pairs have the same seed).

    ``p`` is the two-sided p value of Student's paired t test; None for fewer than two pairs. ``positive`` and
    ``negative`` count the pairs by the sign of their difference: with few pairs they are more reliable than p, which
    assumes normal differences.
    """

    n: int
    mean: float
    interval: tuple[float, float] | None
    p: float | None
    positive: int
    negative: int


def mean_of(values: Sequence[float], confidence: float = 0.95) -> Mean:
    """Return the mean of independent runs with Student's t interval (Student 1908). Raises ``ValueError`` without any.

    The interval assumes a normal distribution; for rates it may extend below 0 or above 1.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    mean, n = fmean(values), len(values)
    if n < 2:
        return Mean(n, mean, None)
    spread = t_quantile(0.5 + confidence / 2, n - 1) * stdev(values) / math.sqrt(n)
    return Mean(n, mean, (mean - spread, mean + spread))


def paired(values: Sequence[float], baseline: Sequence[float], confidence: float = 0.95) -> Paired:
    """Compare runs with baseline runs in the same order. Raises ``ValueError`` without pairs or for unequal numbers.

    If all differences are equal and not 0, p is 0 and the interval is a single point, because their spread is 0.
    """
    differences = [value - base for value, base in zip(values, baseline, strict=True)]
    n, mean, interval = mean_of(differences, confidence)
    p = None
    if interval is not None:
        error = stdev(differences) / math.sqrt(n)
        p = 1.0 - t_central(abs(mean) / error, n - 1) if error else float(mean == 0)
    positive, negative = (sum(sign * d > 0 for d in differences) for sign in (1, -1))
    return Paired(n, mean, interval, p, positive, negative)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for their number, in the same order, by Holm's step-down method (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, k in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[k]))
        adjusted[k] = highest
    return adjusted


def t_central(t: float, freedom: int) -> float:
    """Return P(|T| <= t) for Student's t with ``freedom`` degrees of freedom and t >= 0.

    The finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4: exact for whole degrees of freedom.
    """
    if t < 0 or freedom < 1:
        raise ValueError(f"need t >= 0 and at least one degree of freedom, got {t} and {freedom}")
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term = total = 0.0 if freedom == 1 else cosine if odd else 1.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def t_quantile(p: float, freedom: int) -> float:
    """Return the ``p`` quantile of Student's t, for p in [0.5, 1), by bisection."""
    if not 0.5 <= p < 1:
        raise ValueError(f"need 0.5 <= p < 1, got {p}")
    low, high = 0.0, 1.0
    while t_central(high, freedom) < 2 * p - 1:
        high *= 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if t_central(middle, freedom) < 2 * p - 1 else (low, middle)
    return high
