"""Teachers and students that are models, as a configuration wants them. Imports what the extra ``llm`` brings."""

from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.records import Problem
from stepsmith.judge.program import RunningJudge
from stepsmith.llm.protocol import LLM
from stepsmith.pipeline.config import Config
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Draft, Student, Teacher
from stepsmith.synth.llm.from_problem import draft_from_problem
from stepsmith.synth.llm.student import LLMStudent
from stepsmith.synth.llm.teacher import LLMTeacher, Progression
from stepsmith.synth.two_stage.settings import tree_at
from stepsmith.synth.two_stage.teacher import TwoStageTeacher


class EndpointRoles:
    """Makes players around models. Raises ``ConfigError`` for prompts that cannot be used."""

    def __init__(self, config: Config) -> None:
        folder = Path(config.runtime.prompts).expanduser() if config.runtime.prompts else None
        self.prompts = PromptLibrary(folder)
        self._config = config
        self._progression = Progression(
            medium=(config.refine.medium_low, config.refine.harder_above),
            easy_high=config.refine.keep_high,
            hard_first=config.synth.mode == "hard-first",
        )

    def teacher(self, llm: LLM, judge: RunningJudge, solvers: Sequence[LLM]) -> Teacher:
        """Deep Dive's teacher, or X-Coder's where the method is two-stage; without solvers that one solves itself."""
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
            )
        return LLMTeacher(llm, judge, self.prompts, self._progression, name=name, solvers=solvers)

    def draft_from_problem(self, problem: Problem) -> Draft | None:
        """The draft behind a problem's record, for Deep Dive's teacher to refine; None where there is none."""
        return draft_from_problem(problem)

    def student(self, llm: LLM) -> Student:
        """A student that sees the problem and nothing else."""
        name = self._config.synth.student
        return LLMStudent(llm, name, limit=self._config.models[name].sampling.max_tokens)

    def strong_solver(self, llm: LLM) -> Student:
        """A student with books of its own, whose attempts say whether a problem can be solved at all."""
        return LLMStudent(llm, self._config.synth.strong_solver, purpose="solvability")
