"""Power of the paired t test: which difference between two arms a number of seeds can show."""

import math
from statistics import NormalDist

from stepsmith.core.stats import t_quantile

POINTS = 400  # of the numerical integration; an even number
LIKELY = 0.8  # usual power of a planned experiment


def least_significant(spread: float, n: int, confidence: float = 0.95) -> float:
    """Return the least mean difference of ``n`` pairs that is significant, for differences with that deviation.

    It is half the width of the t interval. A true difference of this size is found about half of the time.
    """
    return t_quantile(0.5 + confidence / 2, n - 1) * spread / math.sqrt(n)


def detectable(spread: float, n: int, power: float = LIKELY, confidence: float = 0.95) -> float:
    """Return the least true difference that the paired t test finds with probability ``power``, by bisection."""
    low, high = 0.0, 1.0
    while t_power(high, n, confidence) < power:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if t_power(middle, n, confidence) < power else (low, middle)
    return high * spread


def t_power(effect: float, n: int, confidence: float = 0.95) -> float:
    """Return the probability that the two-sided paired t test of ``n`` pairs is significant.

    ``effect`` is the true difference over the standard deviation of the differences. The statistic has a noncentral t
    distribution: (Z + effect · √n) / S with a normal Z and an independent S = √(V / f), V chi-squared with f = n - 1
    degrees of freedom. The probability is that given S = s, integrated over the density of S by Simpson's rule.
    """
    freedom, shift, critical = n - 1, effect * math.sqrt(n), t_quantile(0.5 + confidence / 2, n - 1)
    normal = NormalDist()
    scale = math.log(2) + freedom / 2 * math.log(freedom / 2) - math.lgamma(freedom / 2)

    def at(s: float) -> float:
        if s == 0:  # the density is 0 there, but for one degree of freedom
            return math.exp(scale) if freedom == 1 else 0.0
        density = math.exp(scale + (freedom - 1) * math.log(s) - freedom * s * s / 2)
        return density * (normal.cdf(shift - critical * s) + normal.cdf(-shift - critical * s))

    step = (1 + 6 / math.sqrt(freedom)) / POINTS
    inner = sum((4 if k % 2 else 2) * at(k * step) for k in range(1, POINTS))
    return (at(0) + inner + at(POINTS * step)) * step / 3
