"""Specimens: problems that a reward is tried on, each with a right program that the sandbox has confirmed."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Contract, Interface, Limits, Record, Solution, Verdict
from stepsmith.core.records import TestCase as Case
from stepsmith.judge.protocol import Judge


class Specimen(Record, frozen=True, kw_only=True):
    """A problem with a right program (in Python), and the row that the reward gets with each completion."""

    name: str
    interface: Interface
    tests: tuple[tuple[str, str], ...]  # (input, expected output), in the forms of ``core.records``
    right: str
    entry_point: str | None = None
    statement: str = ""
    samples: tuple[str, ...] = ()  # the inputs that the statement shows
    contract: Contract
    row: dict[str, Any] = msgspec.field(default_factory=dict)
    stated_time_s: float | None = None  # the time limit, if the problem states one
    own: bool = True  # from the user's problems; False: one of ours

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The tests that the statement does not show."""
        return tuple(test for test in self.tests if test[0] not in self.samples)


def built_in() -> list[Specimen]:
    """Return our own specimens: their outputs are long numbers and words, so that nobody meets one by chance."""
    return [_specimen(*given) for given in _OURS]


_MIX = "(({}) * 6364136223846793005 + 1442695040888963407) % 1000000000039"
_WORDS = "number = int(input())\nprint({})\nprint('line', {})\n".format(
    _MIX.format("number"), _MIX.format("number + 17")
)
_MIXED = "def mixed(a, b):\n    return {}\n".format(_MIX.format("a * 1009 + b"))
_INPUTS = (3, 41, 127, 2048, 65537, 999983, 12, 700001)
_OURS: tuple[tuple[str, Interface, str, str | None, str, tuple[str, ...]], ...] = (
    (
        "audit/stdio",
        "stdio",
        "Read an integer n from standard input. Print f(n) on one line and the word line followed by f(n + 17) on the "
        f"next, where f(n) = {_MIX.format('n')}.",
        None,
        _WORDS,
        tuple(f"{number}\n" for number in _INPUTS),
    ),
    (
        "audit/function",
        "function",
        f"Write a function mixed(a, b) that returns {_MIX.format('a * 1009 + b')}.",
        "mixed",
        _MIXED,
        tuple(f"({number}, {number % 97})" for number in _INPUTS),
    ),
)


def _specimen(
    name: str, interface: Interface, statement: str, entry: str | None, right: str, inputs: Sequence[str]
) -> Specimen:
    def f(number: int) -> int:
        return (number * 6364136223846793005 + 1442695040888963407) % 1000000000039

    tests = []
    for text in inputs:
        if interface == "stdio":
            tests.append((text, f"{f(int(text))}\nline {f(int(text) + 17)}\n"))
        else:
            a, b = read_literal(text)
            tests.append((text, str(f(a * 1009 + b))))
    shown = "\n\n".join(f"Input: {given.strip()}\nOutput: {output.strip()}" for given, output in tests[:2])
    return Specimen(
        name=name,
        interface=interface,
        entry_point=entry,
        statement=f"{statement}\n\n{shown}\n",
        tests=tuple(tests),
        samples=tuple(inputs[:2]),
        right=right,
        contract=Contract(interface=interface, entry_point=entry, limits=Limits(time_s=4.0)),
        stated_time_s=4.0,
        own=False,
    )


def confirmed(specimens: Sequence[Specimen], judge: Judge) -> Iterator[Specimen]:
    """Yield the specimens whose right program passes their tests in our sandbox, and an empty program does not."""
    for specimen in specimens:
        tests = [Case(input=given, output=output) for given, output in specimen.tests]
        if _passes(judge, specimen, tests, specimen.right) and not _passes(judge, specimen, tests, "pass\n"):
            yield specimen


def _passes(judge: Judge, specimen: Specimen, tests: Sequence[Case], code: str) -> bool:
    program = Solution(language="python", code=code)
    return judge.judge(program, specimen.contract, tests, stop_at_first_failure=True).verdict is Verdict.AC
