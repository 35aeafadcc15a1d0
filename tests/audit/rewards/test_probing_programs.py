"""Texts of tests that go into programs: they come from anybody's data, and are read, not run."""

import math

import pytest

from stepsmith.audit.rewards.probing_programs import _value


@pytest.mark.parametrize(
    ("text", "value"),
    [("([1, 2], 'x')", ([1, 2], "x")), ("[-inf, 1e3]", [-math.inf, 1000.0]), ("{1: (None, True)}", {1: (None, True)})],
)
def test_values_are_read(text: str, value: object) -> None:
    assert _value(text) == value
    assert math.isnan(_value("nan"))


@pytest.mark.parametrize("text", ["().__class__.__base__.__subclasses__()", "print(1)", "x", "(", "[i for i in (1,)]"])
def test_everything_else_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"not a value|malformed"):
        _value(text)
    assert capsys.readouterr().out == ""
