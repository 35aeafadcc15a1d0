import pytest

from stepsmith.audit.growth.edges import LONGEST, edges
from stepsmith.core.ids import derive_rng


@pytest.mark.parametrize("value", [True, 7, 2.5, "a bc", "", [3, 1], (1, "a"), {1, 2}, {"a": 1}, [[1, 2], [3]], []])
def test_edges_keep_the_type(value):
    found = list(edges(value, derive_rng(0, "edges")))
    assert found
    assert {type(edge) for edge in found} == {type(value)}
    assert found == list(edges(value, derive_rng(0, "edges")))


def test_edges_are_empty_equal_negative_and_long():
    numbers = list(edges([5, 3], derive_rng(0, "edges")))
    assert [] in numbers
    assert [3, 5] in numbers
    assert any(row and len(set(row)) == 1 and len(row) > 1 for row in numbers)
    assert any(min(row, default=0) < 0 for row in numbers)
    assert max(map(len, numbers)) > 10
    assert {"", "AB", " ab", "abba"} <= set(edges("ab", derive_rng(0, "edges")))
    assert max(map(len, edges("x" * 150, derive_rng(0, "edges")))) <= 2 * 150 + LONGEST
