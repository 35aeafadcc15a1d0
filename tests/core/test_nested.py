import copy

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.nested import laid_over

keys = st.sampled_from("abc")
nested = st.recursive(st.integers(0, 3) | st.just([1]), lambda inner: st.dictionaries(keys, inner), max_leaves=8)
mappings = st.dictionaries(keys, nested)


def test_mappings_are_merged_and_everything_else_is_replaced() -> None:
    base = {"rl": {"steps": 10, "mix": {"real": 0.1, "review": 0.2}}, "seed": 1, "tags": [1, 2]}
    changes = {"rl": {"mix": {"real": 0.5}, "groups": 4}, "tags": [3], "seed": {"a": 1}}
    assert laid_over(base, changes) == {
        "rl": {"steps": 10, "mix": {"real": 0.5, "review": 0.2}, "groups": 4},
        "seed": {"a": 1},
        "tags": [3],
    }


@given(mappings, mappings)
def test_neither_argument_is_modified_and_changes_win(base: dict[str, object], changes: dict[str, object]) -> None:
    before = copy.deepcopy((base, changes))
    merged = laid_over(base, changes)
    assert (base, changes) == before
    assert laid_over(merged, changes) == merged
    assert laid_over(base, {}) == base
    assert laid_over({}, changes) == changes
    assert set(merged) == set(base) | set(changes)
