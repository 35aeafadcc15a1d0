"""Teachers and students that are models, as a configuration wants them. Imports what the extra ``llm`` brings."""

from collections.abc import Sequence
from pathlib import Path

from stepsmith.judge.protocol import Judge
from stepsmith.llm.protocol import LLM
from stepsmith.pipeline.config import Config
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Student, Teacher
from stepsmith.synth.llm.student import LLMStudent
from stepsmith.synth.llm.teacher import LLMTeacher, Progression


class EndpointPlayers:
    """Makes players around models. Raises ``ConfigError`` for prompts that cannot be used."""

    def __init__(self, config: Config) -> None:
        folder = Path(config.prompts.dir).expanduser() if config.prompts.dir else None
        self.prompts = PromptLibrary(folder)
        self._config = config
        self._progression = Progression(
            medium=(config.refine.medium_low, config.refine.harder_above),
            easy_high=config.refine.keep_high,
            hard_first=config.synth.mode == "hard-first",
        )

    def teacher(self, llm: LLM, judge: Judge, solvers: Sequence[LLM]) -> Teacher:
        """Paper A's teacher."""
        name = self._config.synth.teacher
        return LLMTeacher(llm, judge, self.prompts, self._progression, name=name, solvers=solvers)

    def student(self, llm: LLM) -> Student:
        """A student that sees the problem and nothing else."""
        return LLMStudent(llm, self._config.synth.student)
