"""Laws of the checkers over generated values and texts, and their behaviour on huge and hostile outputs."""

import ast
import random
import time

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Checker
from stepsmith.judge.checkers import compare
from stepsmith.judge.checkers.values import DictValue, SetValue, Value, parse_value

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
)
keys = st.integers() | st.text(max_size=4) | st.tuples(st.integers(), st.text(max_size=2))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(keys, max_size=4)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)
texts = st.text(alphabet="ab1.0 \n\tA-e", max_size=40)
float_flags = st.sampled_from([(), ("float_tolerance", "0.5"), ("case_sensitive",), ("space_change_sensitive",)])


def same(name: str, interface: str, expected: str, actual: str, flags: tuple[str, ...] = ()) -> bool:
    return compare(Checker(name=name, flags=flags), interface, "", expected, actual).ok


def plain(value: Value) -> object:
    if isinstance(value, SetValue):
        return {plain(item) for item in value.items}
    if isinstance(value, DictValue):
        return {plain(key): plain(item) for key, item in value.items}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return tuple(plain(item) for item in value) if isinstance(value, tuple) else value


def retyped(value: object) -> object:
    """The same value to ``literal``: lists for tuples, floats for small integers."""
    if isinstance(value, list | tuple):
        return [retyped(item) for item in value]
    if isinstance(value, dict):
        return {key: retyped(item) for key, item in reversed(value.items())}
    return float(value) if isinstance(value, int) and abs(value) < 2**53 else value


@given(values)
def test_what_repr_writes_is_read_back(value: object) -> None:
    if "inf" not in (text := repr(value)):  # repr writes infinities as names, which ast does not read
        assert repr(plain(parse_value(" " + text))) == repr(ast.literal_eval(text)) or value == plain(parse_value(text))
    assert plain(parse_value(text + " ")) == value


@given(values)
def test_literal_ignores_types_of_sequences_and_numbers(value: object) -> None:
    assert same("literal", "function", repr(value), repr(retyped(value)))
    assert same("literal", "function", repr(retyped(value)), repr(value))


@given(st.lists(st.integers(-50, 50).filter(bool) | st.text(max_size=3), min_size=1))
def test_literal_sees_every_changed_number(value: list[object]) -> None:
    changed = [item + 0.5 if isinstance(item, int) else item for item in value]
    assert same("literal", "function", repr(value), repr(changed)) is (value == changed)


@given(values, values)
def test_literal_is_symmetric(left: object, right: object) -> None:
    a, b = repr(left), repr(right)
    assert same("literal", "function", a, b) == same("literal", "function", b, a)


@given(st.lists(values, max_size=6), st.randoms(use_true_random=False))
def test_unordered_accepts_every_permutation(items: list[object], rng: random.Random) -> None:
    shuffled = items[:]
    rng.shuffle(shuffled)
    assert same("unordered", "function", repr(items), repr(shuffled))
    assert not same("unordered", "function", repr(items), repr([*shuffled, "one more"]))


@given(st.lists(st.floats(-1e6, 1e6), max_size=8), st.randoms(use_true_random=False))
def test_unordered_accepts_permutations_within_tolerance(items: list[float], rng: random.Random) -> None:
    shuffled = [item * (1 + 5e-10 * rng.choice((-1, 1))) for item in items]
    rng.shuffle(shuffled)
    assert same("unordered", "function", repr(items), repr(shuffled))


@given(texts, float_flags)
def test_every_text_is_equal_to_itself(text: str, flags: tuple[str, ...]) -> None:
    assert same("tokens", "stdio", text, text, flags)
    assert same("tokens", "stdio", text, text + "", flags)
    assert same("exact", "stdio", text, text)


@given(texts, texts)
def test_tokens_agree_with_splitting(left: str, right: str) -> None:
    assert same("tokens", "stdio", left, right) == (left.lower().split() == right.lower().split())
    assert same("tokens", "stdio", left, right, ("case_sensitive",)) == (left.split() == right.split())
    sensitive = ("case_sensitive", "space_change_sensitive")
    assert same("tokens", "stdio", left, right, sensitive) == (left == right)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1e-6, 0.1]))
def test_float_tolerance_is_kattis_rule(want: float, got: float, tolerance: float) -> None:
    error = abs(want - got)
    accepted = error <= tolerance or error <= tolerance * abs(want)
    assert same(f"float:{tolerance}", "stdio", repr(want), repr(got)) is accepted


@given(st.text(max_size=60) | st.text(alphabet="[](){},:'\"\\1ajn.-+ ", max_size=60))
def test_any_output_is_answered(actual: str) -> None:
    for name in ("exact", "tokens", "literal", "unordered", "float:1e-6"):
        for interface in ("stdio", "function"):
            compare(Checker(name=name), interface, "", "[1, 'a']", actual)


def test_hostile_and_huge_outputs_take_linear_time() -> None:
    hostile = [
        "[" * 200_000,
        "[" * 200_000 + "]" * 200_000,
        "{" * 200_000,
        "(" * 100_000 + "1" + ",)" * 100_000,
        "-" * 200_000,
        "'" + "a" * 500_000,
        "'" + "\\" * 500_001,
        "'''" + "'" * 300_000,
        "1" * 500_000,
        "1" * 500_000 + "x",
        "1e" + "9" * 300_000,
        "'a' " * 100_000,
        "set(" * 100_000,
        '{"a":' * 100_000,
        "\0" * 100_000,
        "[" + "1," * 200_000,
        "\ud800" * 1000,
    ]
    began = time.process_time()
    pairs = [("literal", "function"), ("literal", "stdio"), ("unordered", "stdio"), ("exact", "stdio")]
    for text in hostile:
        for name, interface in [*pairs, ("tokens", "stdio"), ("float:1e-9", "stdio")]:
            assert not same(name, interface, "[1, 2]", text)
    assert time.process_time() - began < 15


def test_big_integers_beyond_the_conversion_limit_compare_by_digits() -> None:
    assert same("literal", "function", "9" * 6000, " " + "9" * 6000)
    assert same("literal", "function", "-" + "9" * 6000, "-0" + "9" * 6000)
    assert not same("literal", "function", "9" * 6000, "9" * 5999 + "8")
    assert not same("literal", "function", "9" * 6000, "1.0")


def test_large_outputs_in_another_layout_are_accepted() -> None:
    numbers = [str(n) for n in range(200_000)]
    began = time.process_time()
    assert same("tokens", "stdio", " ".join(numbers), "\n".join(numbers))
    assert not same("tokens", "stdio", " ".join(numbers), "\n".join(numbers[:-1]))
    points = [(n * 0.1, n * 0.7) for n in range(3000)]
    moved = [(x + 1e-12, y) for x, y in random.Random(1).sample(points, len(points))]
    assert same("unordered", "function", repr(points), repr(moved))
    assert not same("unordered", "function", repr(points), repr([*moved[:-1], (-1.0, -1.0)]))
    assert time.process_time() - began < 15
