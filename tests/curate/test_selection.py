"""Choosing a subset: against the best one, under quotas, and with the proportions of another set."""

import itertools
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError
from stepsmith.core.ids import derive_rng
from stepsmith.curate.selection import elements_of, matched, select, shared_out

FEATURES = st.lists(st.lists(st.sampled_from("abcdef"), max_size=3), min_size=4, max_size=8)


def value(features: Sequence[Sequence[str]], rows: Sequence[int]) -> float:
    uses = Counter(element for row in rows for element in elements_of(features[row]))
    return sum(1 / k for n in uses.values() for k in range(1, n + 1))


@given(FEATURES, st.integers(1, 3))
def test_the_choice_is_nearly_as_good_as_the_best(features: list[list[str]], size: int) -> None:
    chosen = select(features, ["any"] * len(features), {"any": size})
    assert len(set(chosen)) == size
    best = max(value(features, rows) for rows in itertools.combinations(range(len(features)), size))
    assert value(features, chosen) >= (1 - 1 / 2.718) * 0.98 * best - 1e-9


def test_it_beats_a_random_choice_on_a_skewed_set() -> None:
    rng = derive_rng(1, "skewed")
    names = [f"f{k}" for k in range(40)]
    features = [rng.choices(names, [1 / (k + 1) ** 2 for k in range(40)], k=3) for _ in range(2000)]
    chosen = select(features, ["any"] * 2000, {"any": 60})
    covered = len({e for row in chosen for e in elements_of(features[row])})
    at_random = [len({e for row in rng.sample(range(2000), 60) for e in elements_of(features[row])}) for _ in range(20)]
    assert covered > 1.5 * max(at_random)


def test_quotas_are_met_and_of_equals_the_first_is_taken() -> None:
    features = [["a"], ["a"], ["b"], ["b"], ["c"]]
    bands = ["easy", "easy", "hard", "hard", "hard"]
    assert select(features, bands, {"easy": 1, "hard": 2}) == [0, 2, 4]
    assert select(features, bands, {"hard": 3}) == [2, 3, 4]
    assert select([[], []], ["easy", "easy"], {"easy": 1}) == [0]


def test_a_quota_that_cannot_be_met() -> None:
    with pytest.raises(CaseError, match="asks for 2 problems of band 'medium' and 0 are left"):
        select([["a"]], ["easy"], {"medium": 2})


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 5), min_size=1), st.integers(0, 50))
def test_sharing_out(shares: dict[str, float], size: int) -> None:
    counts = shared_out(shares, size)
    assert sum(counts.values()) == size
    total = sum(shares.values())
    assert all(abs(counts[band] - size * share / total) < 1 for band, share in shares.items())


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 30), min_size=3),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 30)).filter(lambda model: any(model.values())),
)
def test_matched_is_the_largest_with_these_proportions(supply: dict[str, int], model: dict[str, int]) -> None:
    quotas = matched(supply, model)
    assert all(count <= supply[band] for band, count in quotas.items())
    size = sum(quotas.values())
    exact = {band: size * count / sum(model.values()) for band, count in model.items() if count}
    assert all(abs(quotas[band] - share) < 1 for band, share in exact.items())
    assert any(supply[band] - share * (size + 2) / max(size, 1) < 1 for band, share in exact.items() if size)
    assert sum(matched(supply, model, 1).values()) <= 1


def test_a_band_that_is_missing_cannot_be_matched() -> None:
    with pytest.raises(CaseError, match="band 'hard'"):
        matched({"easy": 3}, {"hard": 1, "easy": 1})
