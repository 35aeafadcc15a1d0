import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.stats import band_of, pass_rate, wilson_interval


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [  # values from the closed formula, to four digits; 32 of 32 is the example in the design
        (0, 32, 0.0, 0.1072),
        (32, 32, 0.8928, 1.0),
        (8, 8, 0.6756, 1.0),
        (16, 32, 0.3363, 0.6637),
        (1, 10, 0.0179, 0.4042),
    ],
)
def test_wilson_known_values(k: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(k, n) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_contains_the_rate_and_is_symmetric(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = wilson_interval(k, n)
    assert 0 <= low <= k / n <= high <= 1
    mirrored = wilson_interval(n - k, n)
    assert mirrored == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_no_attempts_say_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert pass_rate(0, 0).rate == 0.0


def test_impossible_counts() -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(3, 2)


@pytest.mark.parametrize(
    ("rate", "band"),
    [
        (0.0, "hard"),
        (0.25, "hard"),
        (0.26, "medium"),
        (0.6, "medium"),
        (0.61, "easy-medium"),
        (0.85, "easy"),
        (1.0, "easy"),
    ],
)
def test_bands_have_paper_a_edges(rate: float, band: str) -> None:
    assert band_of(rate) == band
