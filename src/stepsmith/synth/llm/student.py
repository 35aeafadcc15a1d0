"""A model as student: sees the rendered problem and nothing else, and answers it as often as asked."""

import random

from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.scoring.completion import Completion
from stepsmith.synth.draft import Draft


class LLMStudent:
    """Implements ``Student``. Its attempts are samples of one request, so they are fresh and independent.

    ``limit`` is how many tokens an answer may have.
    """

    def __init__(self, llm: LLM, name: str, *, limit: int | None = None, purpose: str = "attempt") -> None:
        self.name = name
        self._llm = llm
        self._limit = limit
        self._purpose = purpose

    def attempt(self, draft: Draft, problem: Problem, attempts: int, rng: random.Random) -> list[Completion]:  # noqa: ARG002
        """Ask for ``attempts`` samples; reasoning is left out of their text.

        Raises ``RequestRefused`` where the endpoint does not take the problem.
        """
        question = [Message(role="user", content=ENVIRONMENTS[problem.environment].render(problem))]
        replies = self._llm.complete(question, attempts, purpose=self._purpose)
        return [
            Completion(text=reply.text, truncated=reply.finish_reason == "length", limit=self._limit)
            for reply in replies
        ]
