"""The input of every format: two halves of problems, and the settings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from stepsmith.core.records import Problem, Record
from stepsmith.scoring.tests import SplitSettings
from stepsmith.train.settings import PromptLength

SplitBy = Literal["both", "chain", "composition"]


class ExportSettings(Record, frozen=True, kw_only=True):
    """What the user may choose. A format that has no use for a setting ignores it."""

    name: str = "stepsmith-problems"  # of the data set
    license: str = ""  # SPDX identifier; "" where the user named none
    form: PromptLength = "full"
    held_out: Annotated[float, Meta(ge=0, le=1)] = 0.1  # share of the problems that go into the test half, at most
    split: SplitBy = "both"
    tests: SplitSettings = SplitSettings()
    judge_url: str = "http://127.0.0.1:8005"

    @property
    def module(self) -> str:
        """The name as a Python module."""
        module = re.sub(r"\W+", "_", self.name.lower()).strip("_")
        return module if module[:1].isalpha() else f"set_{module}"


class LeftOut(Record, frozen=True, kw_only=True):
    """A problem that a format has no form for, with the reason."""

    problem_id: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """The problems of an export: each once, and only those that the format has a form for."""

    train: Sequence[Problem]
    test: Sequence[Problem]
    settings: ExportSettings

    @property
    def halves(self) -> tuple[tuple[str, Sequence[Problem]], ...]:
        """(name, problems) of the halves that have any."""
        return tuple((name, part) for name, part in (("train", self.train), ("test", self.test)) if part)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, those to train on first."""
        return (*self.train, *self.test)
