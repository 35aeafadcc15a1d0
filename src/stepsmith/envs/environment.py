"""What an environment is: the same four verbs for all of them, and the laws that tests hold them to."""

from typing import Protocol

from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.core.records import Judgement, Problem, Record, TestResult, Verdict
from stepsmith.judge.protocol import Judge


class Answer(Record, frozen=True, kw_only=True):
    """What a student answers, apart from the prose around it: program text, or Python literals as text."""

    text: str
    language: str = "python"


class Environment(Protocol):
    """Renders a problem for a student, parses the answer, judges it. Stateless.

    Laws: ``parse(render-independent write(a)) == a``; the golden answer is AC; no baseline is; judging twice agrees.
    """

    @property
    def name(self) -> EnvironmentName:
        """The environment's name, as in ``Problem.environment``."""
        ...

    def render(self, problem: Problem) -> str:
        """Return the prompt: everything a student may know, and the form the answer must have."""
        ...

    def brief(self, problem: Problem) -> str:
        """Return a prompt without worked samples and without words on the form: for models too small to use them."""
        ...

    def write(self, answer: Answer) -> str:
        """Return a reply that holds ``answer`` in the form that ``render`` asks for."""
        ...

    def parse(self, problem: Problem, reply: str) -> Answer | None:
        """Return the answer in a reply (the last complete code block after any reasoning), None when there is none."""
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
        """Return answers that take no thought (empty, constant, echo, ...), by name: none of them may be AC."""
        ...


def single(judge: Judge, verdict: Verdict, message: str = "") -> Judgement:
    """A judgement over the one test of an environment that asks for a value instead of a program."""
    return Judgement(verdict=verdict, tests=(TestResult(verdict=verdict, message=message),), isolation=judge.isolation)
