"""Generated values lie in their domain for every type and size; ``contains`` refuses everything else."""

import random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.synth.grammar.domain import Domain, Size, Type, hull, integer, ints, pick_length, string
from stepsmith.synth.grammar.sources import LADDER, MICRO_SOURCES, TYPE_WEIGHT, menu, scaled
from stepsmith.synth.grammar.values import contains, generate

SIZES = get_args(Size)
DOMAINS = [scaled(domain, n) for type_ in TYPE_WEIGHT for domain in menu(type_) for n in (*LADDER[-6:], 100)]
DOMAINS += [*MICRO_SOURCES, Domain(Type.BOOL, values=(0, 1)), ints((0, 5), (-2, 2), "distinct"), ints((3, 3), (7, 7))]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(DOMAINS), st.sampled_from(SIZES), st.integers(0, 2**32))
def test_values_lie_in_their_domain(domain: Domain, size: Size, seed: int) -> None:
    value = generate(random.Random(seed), domain, size)
    assert contains(domain, value)
    assert generate(random.Random(seed), domain, size) == value


@pytest.mark.parametrize("type_", sorted(TYPE_WEIGHT))
def test_sizes_mean_what_they_say(type_: Type) -> None:
    rng = random.Random(5)
    domain = scaled(menu(type_)[0], 200)
    if type_ is Type.INT:
        return
    lengths = {size: [length(generate(rng, domain, size)) for _ in range(60)] for size in SIZES}
    low, high = domain.size
    assert max(lengths["small"]) <= 8
    assert set(lengths["stress"]) == {high}
    assert min(lengths["large"]) >= (low + high) // 2
    assert min(lengths["edge"]) == low


def length(value: object) -> int:
    return value[0] if isinstance(value, tuple) else len(value)


@given(st.integers(0, 20), st.integers(0, 500), st.sampled_from(SIZES), st.integers(0, 2**32))
def test_lengths_stay_in_bounds(low: int, more: int, size: Size, seed: int) -> None:
    assert low <= pick_length(random.Random(seed), (low, low + more), size) <= low + more


def test_many_shapes_turn_up() -> None:
    rng = random.Random(3)
    seen = set()
    for _ in range(400):
        x = generate(rng, ints((2, 30), (-100, 100)), "random")
        seen |= {"sorted"} if x == sorted(x) else set()
        seen |= {"falling"} if x == sorted(x, reverse=True) else set()
        seen |= {"equal"} if len(x) > 3 and len(set(x)) <= 3 else set()
        seen |= {"alternating"} if len(x) > 4 and x[::2] == [x[0]] * len(x[::2]) and len(set(x)) == 2 else set()
        seen |= {"distinct"} if len(x) > 4 and len(set(x)) == len(x) else set()
    assert seen == {"sorted", "falling", "equal", "alternating", "distinct"}


TREE = Domain(Type.TREE, size=(1, 5))
GRAPH = Domain(Type.GRAPH, size=(1, 4), second=(1, 4))
CONNECTED = GRAPH.with_(tags=frozenset({"connected"}))
DAG = Domain(Type.DIGRAPH, size=(1, 4), second=(0, 6), tags=frozenset({"acyclic"}))
WEIGHTED = Domain(Type.WGRAPH, size=(1, 4), second=(0, 4), values=(1, 9))
GRID = Domain(Type.GRID, size=(1, 3), second=(1, 3), alphabet=".#")


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (integer(1, 5), [1, 5], [0, 6, True, "1", 1.0]),
        (Domain(Type.BOOL, values=(0, 1)), [True, False], [0, 1]),
        (ints((1, 3), (0, 9)), [[0], [9, 0, 3]], [[], [1, 2, 3, 4], [10], [-1], (1,), [True]]),
        (ints((1, 3), (0, 9), "distinct"), [[3, 1]], [[1, 1]]),
        (ints((1, 3), (0, 9), "sorted"), [[1, 1, 2]], [[2, 1]]),
        (string((1, 3), "ab"), ["a", "abb"], ["", "abab", "abc", ["a"]]),
        (Domain(Type.WORDS, size=(1, 2), second=(1, 2), alphabet="a"), [["a", "aa"]], [[], [""], ["aaa"], ["b"]]),
        (Domain(Type.PAIRS, size=(0, 2), values=(1, 5)), [[], [[1, 5], [2, 2]]], [[[2, 1]], [[0, 3]], [[1, 2, 3]]]),
        (GRID, [["."], [".#", "##"]], [[], [""], [".", "##"], ["x"], ["...."]]),
        (Domain(Type.MATRIX, size=(1, 2), second=(1, 2), values=(0, 9)), [[[1, 2]]], [[[1], [1, 2]], [[10]], [[]]]),
        (TREE, [(1, []), (3, [[2, 1], [3, 1]])], [(2, []), (3, [[1, 2], [2, 1]]), (2, [[1, 1]]), (6, [[1, 2]])]),
        (GRAPH, [(3, [[1, 2]])], [(3, []), (3, [[1, 2], [2, 1]]), (2, [[1, 3]]), (2, [[1, 2, 3]])]),
        (CONNECTED, [(3, [[1, 2], [3, 2]])], [(3, [[1, 2]])]),
        (DAG, [(3, [[3, 1], [3, 2], [1, 2]])], [(3, [[1, 2], [2, 3], [3, 1]]), (2, [[1, 2], [2, 1]])]),
        (WEIGHTED, [(2, [[1, 2, 9]])], [(2, [[1, 2, 10]]), (2, [[1, 2]])]),
    ],
)
def test_contains_is_exact(domain: Domain, inside: list[object], outside: list[object]) -> None:
    assert [value for value in inside if not contains(domain, value)] == []
    assert [value for value in outside if contains(domain, value)] == []


def test_a_digraph_may_hold_both_directions() -> None:
    assert contains(Domain(Type.DIGRAPH, size=(1, 2), second=(0, 2)), (2, [[1, 2], [2, 1]]))


def test_the_hull_holds_both() -> None:
    a, b = ints((1, 3), (0, 5), "sorted", "distinct"), ints((2, 9), (-4, 1), "sorted")
    assert hull(a, b) == ints((1, 9), (-4, 5), "sorted")
