"""The skill model of simulated students and solvers: the probability that a step of a composition is right."""

import math
import random
from typing import Annotated

from msgspec import Meta

from stepsmith.core.records import Record
from stepsmith.synth.grammar.composition import FEATURES, Composition
from stepsmith.synth.grammar.program import Pick

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class SkillModel(Record, frozen=True, kw_only=True):
    """A simulated solver gets each step right, independently, with probability

        1 / (1 + exp(difficulty - skill + length_penalty · (steps - 1)))

    where ``difficulty`` is that of the feature, in logits. If a step is wrong, the solver makes one of the feature's
    mistakes, each with the same probability. With probability ``no_answer`` it gives no answer at all. A step whose
    feature has no known mistakes is always right. All figures are our choice; none was fitted to a real model.
    """

    skill: float = 1.7
    length_penalty: float = 0.15
    no_answer: Share = 0.02

    def better_by(self, logits: float) -> "SkillModel":
        """Return a solver whose skill is higher by ``logits``."""
        return SkillModel(skill=self.skill + logits, length_penalty=self.length_penalty, no_answer=self.no_answer)

    def step_success(self, difficulty: float, steps: int) -> float:
        """Return the probability that one of ``steps`` steps is right."""
        return 1 / (1 + math.exp(difficulty - self.skill + self.length_penalty * (steps - 1)))

    def believe(self, composition: Composition, rng: random.Random) -> tuple[Pick, ...]:
        """Draw the program that a solver believes in: for every step "code", or the index of a mistake."""
        picks: list[Pick] = []
        for step in composition.steps:
            feature = FEATURES[step.feature]
            right = rng.random() < self.step_success(feature.difficulty, len(composition.steps))
            picks.append("code" if right or not feature.wrong else rng.randrange(len(feature.wrong)))
        return tuple(picks)

    def notices(self, composition: Composition, rng: random.Random) -> bool:
        """Draw whether a solver understands every step."""
        return all(pick == "code" for pick in self.believe(composition, rng))
