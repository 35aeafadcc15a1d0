from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.ids import content_id, derive_rng

content = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
)


@given(content)
def test_equal_content_has_equal_ids(value: object) -> None:
    assert content_id("x", value) == content_id("x", value)
    assert content_id("x", value) != content_id("x", [value, value])


def test_insertion_order_does_not_matter() -> None:
    assert content_id("x", {"a": 1, "b": 2}) == content_id("x", {"b": 2, "a": 1})


def test_ids_are_stable_over_versions() -> None:
    """A changed digest would orphan every stored record."""
    assert content_id("sol", "python", "print(1)\n") == "sol_ce79fdb9ac7b1af3c26dd0afbdb02dde"
    assert derive_rng(7, "chain", 3).random() == 0.6078472908518916


def test_paths_do_not_share_streams() -> None:
    streams = {derive_rng(0, *path).random() for path in [("a", 1), ("a", 2), ("b", 1), ("a",), ("a", "1")]}
    assert len(streams) == 5
