"""The normal form of MATH's authors: what it takes for equal, and what it misses. The original agrees."""

import pytest

from stepsmith.benchmarks.rules.hendrycks import same_answer

EQUAL = [
    ("1/2", "\\frac{1}{2}"),
    ("0.5", "\\dfrac12"),
    (".5", "\\frac{1}{2}"),
    ("x=5", "5"),
    ("5\\text{ cm}", "5"),
    ("50\\%", "50"),
    ("\\sqrt3", "\\sqrt{3}"),
    ("90^\\circ", "90"),
    ("\\$5", "5"),
    ("\\left(1,2\\right)", "(1, 2)"),
    ("\\frac", "\\frac"),
]
UNLIKE = [
    ("0.25", "\\frac{1}{4}"),
    ("1,000", "1000"),
    ("xyz=5", "5"),
    ("+1/2", "\\frac{1}{2}"),
    ("\\sqrt", "5"),
    ("", "5"),
]


@pytest.mark.parametrize(("given", "expected"), EQUAL)
def test_equal_in_the_normal_form(given: str, expected: str) -> None:
    assert same_answer(given, expected)


@pytest.mark.parametrize(("given", "expected"), UNLIKE)
def test_what_it_does_not_know(given: str, expected: str) -> None:
    assert not same_answer(given, expected)
