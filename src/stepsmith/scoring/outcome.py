"""The outcome of one completion: no answer, truncated, or judged with a number of tests passed.

It uses only the standard library, because the reward file for verl contains this module.
"""

from typing import Literal, NamedTuple

Status = Literal["judged", "no-answer", "truncated"]


class Outcome(NamedTuple):
    """The result of a completion, from which rewards are computed.

    ``verdict`` is the judge's for the whole answer ("AC", "WA", "TLE", …), None unless judged. ``tests`` is the number
    of tests that count, including those that were not run after a first failure.
    """

    status: Status
    verdict: str | None = None
    passed: int = 0
    tests: int = 0

    @property
    def unjudged(self) -> bool:
        """True if the completion cannot be scored: our own machinery failed (IE), or there was no test."""
        return self.status == "judged" and (self.verdict in (None, "IE") or not self.tests)

    @property
    def solved(self) -> bool:
        """True if every test passed. Without tests nothing is solved."""
        return self.verdict == "AC" and 0 < self.tests == self.passed

    @property
    def fraction(self) -> float:
        """Share of the tests that passed; 0 without an answer."""
        return self.passed / self.tests if self.status == "judged" and self.tests else 0.0


def judged(verdict: str, test_verdicts: list[str], tests: int) -> Outcome:
    """Return the outcome of a judged answer; an IE on any test makes the whole outcome IE."""
    if "IE" in test_verdicts:
        verdict = "IE"
    return Outcome("judged", verdict, test_verdicts.count("AC"), tests)
