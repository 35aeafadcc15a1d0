"""The stated skill model of everything that is simulated: who gets which step of a composition right."""

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

    where ``difficulty`` is the feature's own, in logits; where it gets a step wrong it makes one of the feature's
    mistakes, each equally likely. It gives no answer at all with probability ``no_answer``. A step whose feature has no
    stated mistakes is always right. All figures are ours; nothing here was fitted to a real model.
    """

    skill: float = 1.7
    length_penalty: float = 0.15
    no_answer: Share = 0.02

    def better_by(self, logits: float) -> "SkillModel":
        """A solver whose skill is higher by ``logits``."""
        return SkillModel(skill=self.skill + logits, length_penalty=self.length_penalty, no_answer=self.no_answer)

    def step_success(self, difficulty: float, steps: int) -> float:
        """Probability that one step of ``steps`` is right."""
        return 1 / (1 + math.exp(difficulty - self.skill + self.length_penalty * (steps - 1)))

    def believe(self, composition: Composition, rng: random.Random) -> tuple[Pick, ...]:
        """Draw what a solver takes for the right program: "code", or the index of a mistake, for every step."""
        picks: list[Pick] = []
        for step in composition.steps:
            feature = FEATURES[step.feature]
            right = rng.random() < self.step_success(feature.difficulty, len(composition.steps))
            picks.append("code" if right or not feature.wrong else rng.randrange(len(feature.wrong)))
        return tuple(picks)

    def notices(self, composition: Composition, rng: random.Random) -> bool:
        """Draw whether a solver understands every step."""
        return all(pick == "code" for pick in self.believe(composition, rng))
