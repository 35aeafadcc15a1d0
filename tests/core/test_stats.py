import json
import statistics
from pathlib import Path

import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from stepsmith.core.stats import (
    band_of,
    band_probabilities,
    clustered_mean,
    holm,
    mean_of,
    paired,
    pass_at_k,
    pass_rate,
    settled_band,
    t_central,
    t_quantile,
    wilson_interval,
)

REFERENCE = next(
    (
        data
        for up in Path(__file__).resolve().parents
        if (data := up / "shared" / "data" / "passk_reference.json").exists()
    ),
    None,
)


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
def test_bands_have_the_edges_of_deep_dive(rate: float, band: str) -> None:
    assert band_of(rate) == band


# Scipy is the reference here; the library itself does without.
@given(st.integers(1, 60), st.floats(0, 100))
def test_students_t_is_scipys(freedom: int, t: float) -> None:
    assert t_central(t, freedom) == pytest.approx(1 - 2 * scipy.stats.t.sf(t, freedom), abs=1e-12)


@given(st.integers(1, 60), st.floats(0.5, 0.9999))
def test_the_quantile_is_scipys(freedom: int, p: float) -> None:
    assert t_quantile(p, freedom) == pytest.approx(scipy.stats.t.ppf(p, freedom), rel=1e-9, abs=1e-9)


def test_impossible_arguments_of_t() -> None:
    with pytest.raises(ValueError, match="freedom"):
        t_central(1.0, 0)
    with pytest.raises(ValueError, match=r"0\.5"):
        t_quantile(0.2, 3)


VALUES = st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=2, max_size=12)


@given(VALUES)
def test_paired_comparison_is_scipys(pairs: list[tuple[float, float]]) -> None:
    values, baseline = [value for value, _ in pairs], [base for _, base in pairs]
    differences = [value - base for value, base in pairs]
    assume(max(differences) - min(differences) > 1e-3)
    found, known = paired(values, baseline), scipy.stats.ttest_rel(values, baseline)
    low, high = known.confidence_interval(0.95)
    assert found.p == pytest.approx(known.pvalue, abs=1e-9)
    assert found.interval == (pytest.approx(low), pytest.approx(high))
    assert found.n == len(pairs)
    assert (found.positive, found.negative) == (sum(d > 0 for d in differences), sum(d < 0 for d in differences))


def test_the_mean_of_three_seeds() -> None:
    found = mean_of([0.40, 0.50, 0.60])  # t(.975, 2) = 4.3027; 4.3027 * .1 / sqrt 3 = .2484
    assert (found.n, found.mean) == (3, pytest.approx(0.5))
    assert found.interval == (pytest.approx(0.2516, abs=1e-4), pytest.approx(0.7484, abs=1e-4))


def test_one_run_has_no_interval_and_no_p() -> None:
    assert mean_of([0.4]) == (1, 0.4, None)
    assert paired([0.4], [0.1])[2:] == (None, None, 1, 0)
    with pytest.raises(ValueError, match="at least one"):
        mean_of([])
    with pytest.raises(ValueError, match="argument"):
        paired([1.0, 2.0], [1.0])


def test_equal_differences() -> None:
    assert paired([0.5, 0.7], [0.5, 0.7]).p == 1.0
    assert paired([1.0, 2.0], [0.5, 1.5]).p == 0.0


def test_holms_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda k: p_values[k])
    assert [adjusted[k] for k in order] == sorted(adjusted)


@pytest.mark.parametrize(("passes", "attempts"), [(0, 0), (0, 8), (3, 8), (31, 32), (160, 200)])
def test_band_probabilities_are_the_masses_of_the_beta_posterior(passes: int, attempts: int) -> None:
    found = band_probabilities(passes, attempts)
    grid = [(k + 0.5) / 20000 for k in range(20000)]
    weights = [p**passes * (1 - p) ** (attempts - passes) for p in grid]
    for band, probability in found.items():
        mass = sum(w for w, p in zip(weights, grid, strict=True) if band_of(p) == band) / sum(weights)
        assert probability == pytest.approx(mass, abs=2e-3)
    assert sum(found.values()) == pytest.approx(1)


def test_a_band_is_claimed_only_where_the_attempts_settle_it() -> None:
    assert pass_rate(0, 8).band == "hard"
    assert pass_rate(2, 8).band is None  # next to the edge at .26
    assert pass_rate(14, 32).band == "medium"
    assert pass_rate(0, 0).band is None
    assert settled_band(14, 32, 0.99) is None


def test_pass_at_k_by_hand() -> None:
    assert pass_at_k(5, 2, 2) == pytest.approx(1 - 3 / 10)  # 3 of the 10 pairs have none of the two that pass
    assert pass_at_k(4, 0, 3) == 0.0
    assert pass_at_k(4, 2, 3) == 1.0


@pytest.mark.skipif(REFERENCE is None, reason="reference values of the estimator are not there")
def test_pass_at_k_is_the_published_estimator() -> None:
    assert REFERENCE is not None
    rows = json.loads(REFERENCE.read_text())["rows"]
    assert len(rows) > 200
    for n, c, k, wanted in rows:
        assert pass_at_k(n, c, k) == pytest.approx(wanted, abs=1e-12, rel=0)


def test_pass_at_k_refuses_what_cannot_be() -> None:
    for n, c, k in ((3, 4, 1), (3, -1, 1), (3, 1, 0), (3, 1, 4)):
        with pytest.raises(ValueError, match="need 0 <= c <= n"):
            pass_at_k(n, c, k)


def test_a_clustered_mean_has_the_error_of_its_clusters() -> None:
    values = [0.0, 0.25, 0.5, 1.0] * 25
    found = clustered_mean(values)
    assert found.mean == 0.4375
    assert found.standard_error == pytest.approx(statistics.stdev(values) / 10, rel=0.05)
    assert found.low == pytest.approx(found.mean - 1.96 * found.standard_error, abs=0.01)
    assert clustered_mean(values) == found
    assert clustered_mean([0.5]) == (0.5, 0.0, 0.5, 0.5)
    with pytest.raises(ValueError, match="at least one value"):
        clustered_mean([])
