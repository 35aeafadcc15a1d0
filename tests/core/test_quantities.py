from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.quantities import read_quantity

UNITS = {"": 1, "k": 1000, "s": 1, "ms": 5}


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), (" 2.5k ", 2500), (".5 s", Fraction(1, 2)), ("1_000", 1000), ("1_000.25k", 1_000_250), ("3 ms", 15),
     ("0.1k", 100), ("007", 7)],
)  # fmt: skip
def test_a_number_and_a_unit_are_read_exactly(text: str, value: Fraction) -> None:
    assert read_quantity(text, UNITS) == value


@pytest.mark.parametrize(
    "text",
    ["", "k", "2,5", "1,000", "2.5.1", "-1", "+1", "1e3", "0x10", "inf", "nan", "2 parsecs", "2 k k", "2kk", "1_0",
     "_1", "1_", "2.", ".", "1 000", "٣", "½", "2²", "2K", "1" * 41],
)  # fmt: skip
def test_everything_else_is_refused(text: str) -> None:
    assert read_quantity(text, UNITS) is None


@given(st.integers(0, 10**12))
def test_groups_of_three_are_one_number_only_where_asked_for(number: int) -> None:
    text = f"{number:,}"
    assert read_quantity(text, UNITS, grouped=True) == number
    assert (read_quantity(text, UNITS) is None) == ("," in text)


@pytest.mark.parametrize("text", ["1,00", "1,0000", "1,000.5", "1,000,00", "0001,000", "1,000_000", ",100"])
def test_other_groups_are_refused(text: str) -> None:
    assert read_quantity(text, UNITS, grouped=True) is None


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_decimals_are_exact(number: object) -> None:
    assert read_quantity(f"{number:f}k", UNITS) == Fraction(str(number)) * 1000
