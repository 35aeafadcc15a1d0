"""Estimate the cost of a run from a small sample of its units, such as chains (``--dry-run``).

The prediction is Student's t prediction interval for a sum of further draws: N·m ± t·s·√(N + N²/k) for N planned units
after k sampled ones, with mean m and standard deviation s. It assumes that sampled and planned units are alike. Costs
are skewed, so with few units the interval is only an indication.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from stepsmith.core.records import Record
from stepsmith.core.stats import t_quantile
from stepsmith.llm.money import Spend


class Range(Record, frozen=True, kw_only=True):
    """A predicted total with its interval. From a sample of one unit, the interval is 0 to infinity."""

    expected: float
    low: float
    high: float


class Estimate(Record, frozen=True, kw_only=True):
    """The prediction for ``planned`` units from ``sampled`` units."""

    sampled: int
    planned: int
    requests: Range
    tokens: Range
    usd: Range


def estimate(sample: Sequence[Sequence[Spend]], planned: int, confidence: float = 0.95) -> Estimate:
    """Predict the total of ``planned`` units. ``sample`` holds the spending of each sampled unit (``Ledger.spends``).

    Raises ``ValueError`` for an empty sample.
    """

    def predicted(figures: Iterable[float]) -> Range:
        return predict(list(figures), planned, confidence)

    return Estimate(
        sampled=len(sample),
        planned=planned,
        requests=predicted(sum(spend.requests for spend in unit) for unit in sample),
        tokens=predicted(sum(spend.usage.tokens for spend in unit) for unit in sample),
        usd=predicted(sum(spend.usd for spend in unit) for unit in sample),
    )


def predict(sample: Sequence[float], planned: int, confidence: float = 0.95) -> Range:
    """Return the predicted sum of ``planned`` further values like those of ``sample``; never below zero."""
    if not sample:
        raise ValueError("an estimate needs at least one sampled unit")
    size, expected = len(sample), planned * fmean(sample)
    if size == 1 or planned == 0:
        return Range(expected=expected, low=0.0, high=math.inf if planned else 0.0)
    spread = t_quantile(0.5 + confidence / 2, size - 1) * stdev(sample) * math.sqrt(planned + planned**2 / size)
    return Range(expected=expected, low=max(0.0, expected - spread), high=expected + spread)
