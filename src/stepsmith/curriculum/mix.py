"""The mix of a batch: shares of real problems, review, and problems chosen by the curriculum."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Environment, Record
from stepsmith.curriculum.pool import Pool

Share = Annotated[float, Meta(ge=0, le=1)]
REAL, REVIEW, NEW = "real", "review", "curriculum"


class Mix(Record, frozen=True, kw_only=True):
    """Shares of the groups in a run.

    A share ``real`` is real problems, in rotation. A share ``review`` is mastered problems: those whose pass rate in
    training has a 95% lower bound of at least ``mastered``. With ``review`` above 0, the curriculum draws mastered
    problems only when it has no others, and while no problem is mastered the share of review goes to the curriculum.
    The rest is drawn by the curriculum, from ``environments`` by relative weight (without weights, from all problems).
    """

    environments: dict[Environment, Annotated[float, Meta(ge=0)]] = msgspec.field(default_factory=dict)
    real: Share = 0.0
    review: Share = 0.0
    mastered: Annotated[float, Meta(gt=0, lt=1)] = 0.8

    def __post_init__(self) -> None:
        if self.environments and not math.fsum(self.environments.values()):
            raise ValueError("environments are given, but all their weights are 0")
        if self.real + self.review >= 1 and not (self.real == 1 and self.review == 0):
            raise ValueError(
                f"real {self.real:g} and review {self.review:g} leave nothing for the curriculum; reduce them"
            )

    def sources(self, *, any_mastered: bool) -> dict[str, float]:
        """Return the shares of real problems, review and the curriculum."""
        review = self.review if any_mastered else 0.0
        return {NEW: 1.0 - self.real - review, REAL: self.real, REVIEW: review}

    def scopes(self) -> dict[str, float]:
        """Return the share of each environment; without weights, one scope "" for all problems."""
        if not self.environments:
            return {"": 1.0}
        total = math.fsum(self.environments.values())
        return {name: weight / total for name, weight in self.environments.items() if weight > 0}

    def check(self, pool: Pool) -> None:
        """Raise ``ConfigError`` when the pool has no problems for a share of the mix."""
        if self.real and not pool.real():
            raise ConfigError(
                f"the mix asks for {self.real:.0%} real problems, but none of the {len(pool)} problems is tagged real"
            )
        if self.real == 1:
            return
        if not pool.made():
            raise ConfigError("there is no problem to train on" if not len(pool) else "all problems are tagged real")
        for name in self.environments:
            if self.environments[name] and not pool.made(name):
                there = sorted({item.environment for item in pool.made()})
                raise ConfigError(f"the mix asks for {name} problems, but the data set has only {', '.join(there)}")
