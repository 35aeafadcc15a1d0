"""The verdict on one sample."""

from typing import Literal

from stepsmith.core.records import Record

Outcome = Literal[
    "passed", "wrong answer", "time limit", "memory limit", "crash", "syntax", "no code", "truncated", "not judged"
]
OUTCOMES: tuple[Outcome, ...] = (
    "passed", "wrong answer", "time limit", "memory limit", "crash", "syntax", "no code", "truncated", "not judged",
)  # fmt: skip


class SampleVerdict(Record, frozen=True, kw_only=True):
    """Whether a sample is right by the rules of its benchmark, and how it failed.

    "not judged" is a failure of our own machinery and is never scored. ``parts`` are results that the official harness
    gives beside the score: EvalPlus' "base" and "plus".
    """

    outcome: Outcome
    message: str = ""  # the exception, or the limit that was exceeded
    failed_test: str = ""  # the test that failed, as text, where it is known
    got: str = ""  # what the sample returned in that test
    cpu_s: float = 0.0
    parts: tuple[tuple[str, bool], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the sample is right."""
        return self.outcome == "passed"
