import pytest

from stepsmith.core.stats import pass_rate
from stepsmith.curriculum.evidence import Evidence
from tests.curriculum.items import an_item, seen


def test_observations_fade_by_half_in_a_half_life() -> None:
    evidence = Evidence(half_life=0.2, fast_half_life=0.1)
    seen(evidence, "a", 6, 8, now=0.1)
    assert evidence.counts("a", 0.1) == (6, 8)
    assert evidence.counts("a", 0.3) == pytest.approx((3, 4))
    seen(evidence, "a", 0, 8, now=0.3)
    assert evidence.counts("a", 0.5) == pytest.approx((1.5, 6))
    assert evidence.together([an_item("a")], 0.3, fast=True) == pytest.approx((1.5, 10))


def test_the_posterior_by_hand() -> None:
    evidence = Evidence(half_life=0.1)
    item = an_item("a", pass_rate=pass_rate(24, 32))
    assert evidence.beta(item, 0.0, 8) == (1 + 6, 1 + 2)  # 24 of 32 counts like 6 of 8
    assert evidence.beta(item, 0.1, 8) == pytest.approx((1 + 3, 1 + 1))
    assert evidence.beta(item, 0.0, 100) == (1 + 24, 1 + 8)  # never like more than it was
    seen(evidence, "a", 1, 4, now=0.1)
    assert evidence.beta(item, 0.1, 8) == pytest.approx((1 + 3 + 1, 1 + 1 + 3))
    assert evidence.beta(an_item("b", None), 0.5, 8) == (1, 1)
