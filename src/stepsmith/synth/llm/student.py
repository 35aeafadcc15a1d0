"""A model as student: sees the rendered problem and nothing else, and answers it as often as asked."""

import random

from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.scoring.completion import Completion
from stepsmith.synth.draft import Attempts, Draft


class LLMStudent:
    """Implements ``Student``. Its attempts are samples of one request, so they are fresh and independent.

    ``limit`` is how many tokens an answer may have.
    """

    def __init__(self, llm: LLM, name: str, *, limit: int | None = None, purpose: str = "attempt") -> None:
        self.name = name
        self._llm = llm
        self._limit = limit
        self._purpose = purpose

    def attempts(self, draft: Draft | None, problem: Problem, rng: random.Random) -> Attempts:  # noqa: ARG002
        """See ``Student``; reasoning is left out of the text of completions.

        The attempts raise ``RequestRefused`` where the endpoint does not take the problem.
        """
        question = [Message(role="user", content=ENVIRONMENTS[problem.environment].render(problem))]
        made = 0

        def attempt(n: int) -> list[Completion]:
            nonlocal made
            outputs = self._llm.complete(question, n, purpose=self._purpose, first=made)
            made += n
            return [
                Completion(text=output.text, truncated=output.finish_reason == "length", limit=self._limit)
                for output in outputs
            ]

        return attempt
