"""Power of the paired t test, against published values and by simulation."""

import random

import pytest

from stepsmith.core.power import detectable, least_significant, t_power
from stepsmith.core.stats import paired


@pytest.mark.parametrize(("effect", "n", "power"), [(0.5, 34, 0.8078), (0.8, 15, 0.8213), (1.0, 10, 0.8031)])
def test_published_values(effect: float, n: int, power: float) -> None:
    """Cohen's d and the number of pairs for 80%, as G*Power gives them."""
    assert t_power(effect, n) == pytest.approx(power, abs=2e-3)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_without_a_difference_it_is_the_level(n: int) -> None:
    assert t_power(0.0, n) == pytest.approx(0.05, abs=1e-3)


def test_simulated_seeds_agree() -> None:
    effect, rng = detectable(1.0, 5), random.Random(0)
    p_values = [paired([rng.gauss(effect) for _ in range(5)], [0.0] * 5).p for _ in range(1500)]
    assert sum(p is not None and p < 0.05 for p in p_values) / 1500 == pytest.approx(0.8, abs=0.03)


def test_what_three_seeds_can_see() -> None:
    assert least_significant(0.1, 3) == pytest.approx(0.2484, abs=1e-4)
    assert detectable(0.1, 3) > least_significant(0.1, 3) > detectable(0.1, 16)
    assert detectable(0.0, 3) == 0
