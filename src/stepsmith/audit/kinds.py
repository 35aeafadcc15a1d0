"""The table of what an audit can find. The SARIF file, the report and docs/audit.md take it from here."""

from typing import Literal, NamedTuple, cast

from stepsmith.audit.reward_kinds import REWARD_KINDS

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")  # the gravest first


class Kind(NamedTuple):
    """One kind of finding: its name, its usual severity, what it is, and what to do about it."""

    name: str
    severity: Severity
    about: Literal["problem", "reward"]
    title: str  # a short noun phrase
    harm: str  # why it matters in training or evaluation
    remedy: str


_ALL = (
    Kind("wrong-label", "high", "problem", "expected output that is wrong",
         "The test rejects right programs, and a model is rewarded for wrong ones.",
         "Replace the expected output by the one that the programs agree on."),
    Kind("wrong-program-accepted", "high", "problem", "tests that accept a wrong program",
         "A model that solves only a part of the problem gets the full reward.",
         "Add the counter-example to the tests."),
    Kind("trivial-answer-accepted", "high", "problem", "tests that accept a trivial answer",
         "A constant, the input itself or the samples of the statement are rewarded as a solution.",
         "Add tests with other answers, or drop the problem."),
    Kind("right-program-rejected", "medium", "problem", "tests that reject a right program",
         "A right answer that is written in another form gets no reward.",
         "Use a looser checker, or a larger time limit."),
    Kind("reference-fails", "high", "problem", "reference solution that fails its own tests",
         "Nobody can tell whether the tests or the reference are right.",
         "Correct the reference or the tests, or drop the problem."),
    Kind("reference-varies", "high", "problem", "reference solution that varies from run to run",
         "The expected outputs are a matter of chance.",
         "Make the reference deterministic, or use a checker that accepts every right answer."),
    Kind("tight-time-limit", "medium", "problem", "time limit too near the reference",
         "Right programs fail on a slower or busier machine.",
         "Use a larger time limit."),
    Kind("input-outside-statement", "medium", "problem", "input outside the statement",
         "A right program may fail on what the statement rules out.",
         "Drop the test."),
    Kind("loose-validator", "medium", "problem", "validator that accepts what the reference cannot do",
         "Tests that are made with this validator may be outside the statement.",
         "Make the validator check what the statement says, or correct the reference."),
    Kind("contradicting-example", "medium", "problem", "example of the statement that the reference contradicts",
         "A model that follows the statement fails, or the reference is wrong.",
         "Correct the example or the reference."),
    Kind("contradicting-tests", "high", "problem", "equal inputs with different outputs",
         "No program passes both tests.",
         "Keep the test whose output is right."),
    Kind("duplicate-tests", "low", "problem", "tests that are the same",
         "Repeated tests cost time, and the number of tests promises more than it holds.",
         "Keep one of them."),
    Kind("flat-outputs", "medium", "problem", "outputs that are nearly all the same",
         "A constant answer passes nearly every test, so partial rewards pay for nothing.",
         "Add tests with other answers."),
    Kind("answer-in-statement", "medium", "problem", "answer in the statement",
         "The model can copy the answer instead of solving the problem.",
         "Take it out of the statement."),
)  # fmt: skip
_REWARDS = tuple(Kind(name, cast("Severity", severity), "reward", *texts) for name, severity, *texts in REWARD_KINDS)

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*_ALL, *_REWARDS)}


def at_least(severity: Severity, threshold: Severity) -> bool:
    """Return whether ``severity`` is as grave as ``threshold`` or graver."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)
