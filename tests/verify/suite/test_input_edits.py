import ast
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.verify.suite.input_edits import neighbour, simpler

VALUES = st.recursive(
    st.integers(-50, 50) | st.text("abz", max_size=4) | st.booleans(), lambda inner: st.lists(inner, max_size=4)
)


@given(st.lists(VALUES, min_size=1, max_size=3), st.integers(0, 1000))
def test_neighbours_keep_the_shape_of_arguments(arguments, seed):
    before = tuple(arguments)
    after = ast.literal_eval(neighbour(repr(before), "function", random.Random(seed)))
    assert [type(v) for v in after] == [type(v) for v in before]


def _weight(value):
    if isinstance(value, bool):
        return 1 + value
    if isinstance(value, int):
        return 1 + abs(value) + (value < 0) * 0.5
    if isinstance(value, str):
        return 1 + sum(1 + ord(c) for c in value)
    return 1 + sum(map(_weight, value))


@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=2))
def test_every_simplification_is_simpler(arguments):
    before = tuple(arguments)
    for text in simpler(repr(before), "function"):
        after = ast.literal_eval(text)
        assert sum(map(_weight, after)) < sum(map(_weight, before))


def test_stdio_simplifications_keep_counts_in_step():
    found = set(simpler("3 7\n5 1 4\n", "stdio"))
    assert "2 7\n1 4\n" in found
    found = set(simpler("3\nab\ncd\nef\n", "stdio"))
    assert "2\nab\nef\n" in found
    assert "3\nab\ncd\nea\n" in found


def test_a_long_run_of_digits_is_a_string() -> None:
    text = "9" * 5000 + "\n"
    rng = random.Random(0)
    assert all(neighbour(text, "stdio", rng) for _ in range(20))
    assert next(simpler(text, "stdio"))
