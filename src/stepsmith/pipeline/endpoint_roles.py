"""Make the teachers and students that are models, from a configuration. Needs the extra ``llm``."""

from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.model_outputs import ModelOutput
from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.program import RunningJudge
from stepsmith.llm.protocol import LLM
from stepsmith.pipeline.config import Config
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Draft, Student, Teacher
from stepsmith.synth.llm.from_problem import draft_from_problem
from stepsmith.synth.llm.solvers import SOLVE
from stepsmith.synth.llm.student import LLMStudent
from stepsmith.synth.llm.teacher import LLMTeacher
from stepsmith.synth.two_stage.filters import read_solution
from stepsmith.synth.two_stage.settings import tree_at
from stepsmith.synth.two_stage.teacher import SOLVE as TWO_STAGE_SOLVE
from stepsmith.synth.two_stage.teacher import TwoStageTeacher


class EndpointRoles:
    """Makes teachers and students from models. Raises ``ConfigError`` for prompts that cannot be used."""

    def __init__(self, config: Config) -> None:
        folder = Path(config.runtime.prompts).expanduser() if config.runtime.prompts else None
        self.prompts = PromptLibrary(folder)
        self._config = config

    def teacher(self, llm: LLM, judge: RunningJudge, solvers: Sequence[LLM]) -> Teacher:
        """Return Deep Dive's teacher, or X-Coder's for the two-stage method, which needs no other solvers."""
        synth = self._config.synth
        name = synth.teacher
        if synth.method == "two-stage":
            settings = self._config.two_stage
            return TwoStageTeacher(
                llm,
                solvers or [llm],
                judge,
                self.prompts,
                tree_at(self._config.runtime.tree),
                synth.styles,
                settings,
                name=name,
                progression=self._config.progression,
            )
        return LLMTeacher(llm, judge, self.prompts, self._config.progression, name=name, solvers=solvers)

    def draft_from_problem(self, problem: Problem) -> Draft | None:
        """Return the draft that a problem was made from, so that Deep Dive's teacher can refine it; None if unknown."""
        return draft_from_problem(problem)

    def student(self, llm: LLM) -> Student:
        """Return a student that gets only the prompt of the problem."""
        name = self._config.synth.student
        return LLMStudent(llm, name, limit=self._config.models[name].sampling.max_tokens)

    def strong_solver(self, llm: LLM) -> Student:
        """Return a student whose attempts show whether a problem can be solved; its cost is booked separately."""
        return LLMStudent(llm, self._config.synth.strong_solver, purpose="solvability")

    def solver_prompt(self, problem: Problem) -> str:
        """Return what a solver is asked about a problem."""
        name = TWO_STAGE_SOLVE if self._config.synth.method == "two-stage" else SOLVE
        return self.prompts.render(name, problem=ENVIRONMENTS[problem.environment].render(problem))

    def program_fault(self, problem: Problem, reply: ModelOutput) -> str:
        """Return why a solver's reply has no vote; "" where it holds a program."""
        if self._config.synth.method == "two-stage":
            return read_solution(reply, self._config.two_stage.max_completion_tokens)[1]
        return "" if ENVIRONMENTS[problem.environment].parse(problem, reply.text) else "no readable program"
