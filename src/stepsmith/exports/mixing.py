"""Real problems among synthetic ones at a chosen ratio (Deep Dive trains on 25,000 real and 20,000 synthetic ones)."""

from collections.abc import Sequence

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem


def mixed(made: Sequence[Problem], real: Sequence[Problem], share: float, seed: int = 0) -> list[Problem]:
    """Return as many problems as a share ``share`` of real ones allows: all of one kind, a part of the other.

    The part is chosen by a hash of the problems' ids and ``seed``, and keeps its order. Raises ``ConfigError`` for a
    share that one of the two cannot give.
    """
    if not 0 < share < 1:
        raise ConfigError(f"the share of real problems must be above 0 and below 1, got {share:g}")
    if not made or not real:
        raise ConfigError(f"{len(made)} made and {len(real)} real problems cannot be mixed: there must be some of both")
    total = min(len(real) / share, len(made) / (1 - share))
    return [*_some(made, round(total * (1 - share)), seed), *_some(real, round(total * share), seed)]


def _some(problems: Sequence[Problem], count: int, seed: int) -> list[Problem]:
    ranks = {problem.id: content_id("mix", seed, problem.id) for problem in problems}
    kept = set(sorted(ranks, key=ranks.__getitem__)[:count])
    return [problem for problem in problems if problem.id in kept]
