"""Pass rates with honest intervals."""

import math
from statistics import NormalDist

from stepsmith.core.records import Band, PassRate

# Paper A's bins on the measured pass rate (arXiv 2603.24202, data section): hard .10-.26, medium .26-.61,
# easy-medium .61-.85, easy .85-.97. Below .10 and above .97 the paper has no bin; ours extend the outer two.
BAND_EDGES: tuple[tuple[float, Band], ...] = ((0.26, "hard"), (0.61, "medium"), (0.85, "easy-medium"))


def wilson_interval(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval for a binomial proportion (Wilson 1927), as (low, high) in [0, 1].

    Counts may be fractional, as where old ones are discounted. With no trials the interval is the whole of [0, 1].
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


def pass_rate(passes: int, attempts: int) -> PassRate:
    """Bundle a count of passes with its 95% Wilson interval."""
    low, high = wilson_interval(passes, attempts)
    return PassRate(passes=passes, attempts=attempts, low=low, high=high)


def band_of(rate: float) -> Band:
    """Return paper A's difficulty band for a pass rate in [0, 1]."""
    for edge, band in BAND_EDGES:
        if rate < edge:
            return band
    return "easy"
