"""An input is refused before judging where, and only where, the sandbox could not read it as arguments."""

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.judge.arguments import check_input
from stepsmith.sandbox.values import read_arguments

READABLE = [
    "(1,)", "([1, 2], 'a')", "[1, 2]", '{"nums": [1], "k": null}', "{'a': True}", "5", "'text'", "None", " (1,) \n",
    "(inf, -inf, nan)", "[NaN, Infinity]", "(set(), {1})", "(frozenset({1}),)", "([0] * 5,)", "(1 + 2, -3)",
    "([i * i for i in [1, 2]],)", "(" + "7" * 5001 + ",)", "[" + "7" * 5001 + "]", "(b'x', 1j)", "{'a': 1, **{}}",
    "((1, 2), {(1, 2): 3})", "(1\n,2)", '{"a": "\\ud800"}', "(lambda: 1,)", "()", "(0xff, 1_000)",
    "[" * 300 + "]" * 300,
]  # fmt: skip
UNREADABLE = [
    "", " ", "(1,", "1 2", "x", "(x, 1)", "([1, 2], 'a'", "[1, 2", "print(1)", "(1,)\n(2,)", "a = 1", "(range(3),)",
    "(__import__('os'),)", "'", "{1: 2", "1 +", "nums = [1, 2]", "([v for v in w],)", "\x00",
]  # fmt: skip


@pytest.mark.parametrize("text", READABLE)
def test_what_the_sandbox_reads_is_accepted(text: str) -> None:
    read_arguments(text.encode("utf-8", "surrogatepass"))
    check_input("function", text)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_it_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the arguments"):
        read_arguments(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CaseError, match=r"not the arguments of a function: \S"):
        check_input("function", text)


def test_standard_input_is_any_text() -> None:
    for text in UNREADABLE:
        check_input("stdio", text)
