from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.curriculum.quotas import Quotas


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any), st.integers(1, 200))
def test_quotas_never_stray(raw: list[int], picks: int) -> None:
    weights = {str(k): value / sum(raw) for k, value in enumerate(raw)}
    quotas, counts = Quotas(), Counter[str]()
    for n in range(1, picks + 1):
        counts[quotas.pick("x", weights)] += 1
        for name, weight in weights.items():
            assert -1 - 1e-9 < n * weight - counts[name] < len(weights)
    assert all(weights[name] > 0 for name in counts)
