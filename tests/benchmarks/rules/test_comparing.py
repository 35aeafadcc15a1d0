import pytest

from stepsmith.benchmarks.rules.comparing import TEXTS, VALUES, Unlike, decoded

LCB, PRIME, VERIFIERS, _ = TEXTS
EQUAL, CLOSE, FIRST = VALUES


@pytest.mark.parametrize(
    ("expected", "actual", "accepted"),
    [
        ("1 2\n", "1.0 2.00\n", (LCB, VERIFIERS)),
        ("1\n2\n", "1.0\n2.00\n", (LCB, PRIME, VERIFIERS)),
        ("1 2\n", "1  2\n", (LCB, VERIFIERS)),
        ("1\n2\n", "1 2\n", (VERIFIERS,)),
        ("0.333333\n", "0.333334\n", (PRIME, VERIFIERS)),
        ("0.5\n", "0.5009\n", (VERIFIERS,)),
        ("Yes\n", "YES\n", ()),
        ("50000000000000001", "50000000000000000", ()),
        ("5\n", "nan\n", ()),
        ("sNaN\n", "1\n", ()),
        ("", "\n", (LCB, PRIME, VERIFIERS)),
        ("a\n\nb\n", "a\nb\n", (PRIME, VERIFIERS)),
        ("inf\n", "Infinity\n", (LCB, PRIME)),
    ],
)
def test_texts(expected, actual, accepted):
    assert tuple(name for name in (LCB, PRIME, VERIFIERS) if TEXTS[name](expected, actual)) == accepted


@pytest.mark.parametrize(
    ("expected", "actual", "accepted"),
    [
        ([1, 2], (1, 2), (EQUAL, CLOSE, FIRST)),
        ([[0, 1]], [(0, 1)], (CLOSE,)),
        ([[0, 1]], ((0, 1),), (CLOSE,)),
        ([[[0, 1]]], ((0, 1),), (FIRST,)),
        (0.33333, 1 / 3, (CLOSE,)),
        (3, "3", (CLOSE,)),
        (True, 1, (EQUAL, CLOSE, FIRST)),
        ({"1": 2}, {1: 2}, (CLOSE, FIRST)),
        ([4, 5], 4, (FIRST,)),
        ([1], {1}, ()),
        (1, Unlike("<object>", "object"), ()),
        (None, None, (EQUAL, CLOSE, FIRST)),
    ],
)
def test_values(expected, actual, accepted):
    assert tuple(name for name in VALUES if VALUES[name](expected, actual)) == accepted


def test_what_the_sandbox_wrote_is_read_back():
    assert decoded([1, {"tuple": [{"set": [2]}]}, {"dict": [[{"tuple": [1]}, "x"]]}]) == [1, ({2},), {(1,): "x"}]
    assert repr(decoded({"other": "<x>", "type": "X"})) == "<x>"
    assert isinstance(decoded({"set": [{"set": []}]}), Unlike)
