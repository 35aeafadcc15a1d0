"""The interface of an environment, and the laws that the tests check for every environment."""

from typing import Protocol

from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.core.records import Judgement, Problem, Record, TestResult, Verdict
from stepsmith.judge.protocol import Judge


class Answer(Record, frozen=True, kw_only=True):
    """A student's answer without the prose around it: the text of a program, or of Python literals."""

    text: str
    language: str = "python"


class Environment(Protocol):
    """Renders a problem for a student, parses the answer, judges it. Stateless.

    Laws: ``parse(write(a)) == a``; the golden answer is AC; no baseline is AC; judging twice gives the same verdict.
    """

    @property
    def name(self) -> EnvironmentName:
        """The environment's name, as in ``Problem.environment``."""
        ...

    def render(self, problem: Problem) -> str:
        """Return the prompt: everything that a student may know, and the format of the answer."""
        ...

    def brief(self, problem: Problem) -> str:
        """Return a prompt without worked samples and answer format, for models that are too small to use them."""
        ...

    def write(self, answer: Answer) -> str:
        """Return a completion that holds ``answer`` in the format that ``render`` asks for."""
        ...

    def parse(self, problem: Problem, completion: str) -> Answer | None:
        """Return the answer in a completion: its last complete code block after any reasoning; None without one."""
        ...

    def judge(
        self, judge: Judge, problem: Problem, answer: Answer, *, stop_at_first_failure: bool = False
    ) -> Judgement:
        """Judge an answer."""
        ...

    def golden(self, problem: Problem) -> Answer:
        """Return an answer that is known to be right."""
        ...

    def baselines(self, problem: Problem) -> dict[str, Answer]:
        """Return answers without thought (empty, constant, echo, ...), by name; none of them may be AC."""
        ...


def single(judge: Judge, verdict: Verdict, message: str = "") -> Judgement:
    """Return a judgement with a single test, for environments that ask for a value instead of a program."""
    return Judgement(verdict=verdict, tests=(TestResult(verdict=verdict, message=message),), isolation=judge.isolation)
