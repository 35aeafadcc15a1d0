"""Other models that solve a proposal before it is kept: their programs vote on its outputs."""

from collections.abc import Sequence

from stepsmith.core.errors import RequestRefused
from stepsmith.core.records import Problem, Solution
from stepsmith.envs import ENVIRONMENTS
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.prompts.library import PromptLibrary

SOLVE = "solver/solve"


def solve(solvers: Sequence[LLM], prompts: PromptLibrary, problem: Problem) -> tuple[Solution, ...]:
    """Ask each solver once for a program; those without one (no code block, a refusal) have no vote."""
    environment = ENVIRONMENTS[problem.environment]
    question = [Message(role="user", content=prompts.render(SOLVE, problem=environment.render(problem)))]
    found: list[Solution] = []
    for solver in solvers:
        try:
            (reply,) = solver.complete(question, 1, purpose="solve")
        except RequestRefused:
            continue
        if answer := environment.parse(problem, reply.text):
            found.append(Solution(language=answer.language, code=answer.text))
    return tuple(found)
