"""Which problems are held out for evaluation: whole chains and whole compositions, never a part of either.

Stepping stones of a chain resemble each other, and so do problems of one composition (the same features in the same
order). Problems that share a chain or a composition, directly or through others, form a group, and a group stays
together. Compositions of a single feature form no groups: every other composition is made of them.
"""

from collections.abc import Iterable, Sequence

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem
from stepsmith.exports.bundle import SplitBy
from stepsmith.train.corpus import Halves, composition_of


def halves_of(problems: Sequence[Problem], share: float, by: SplitBy) -> Halves:
    """Divide problems; their order is kept. At most a share ``share`` is held out.

    Groups are taken in the order of a hash until the share is reached, so the halves do not depend on the order of the
    problems. A group that is too large for what is left of the share is trained on.
    """
    room = round(share * len(problems))
    held: set[int] = set()
    for group in sorted(_groups(problems, by), key=lambda group: _rank(problems[k].id for k in group)):
        if len(group) <= room - len(held):
            held.update(group)
    return Halves(
        train=[problem for k, problem in enumerate(problems) if k not in held],
        test=[problem for k, problem in enumerate(problems) if k in held],
    )


def _rank(ids: Iterable[str]) -> str:
    return content_id("held-out", min(ids))


def _groups(problems: Sequence[Problem], by: SplitBy) -> list[list[int]]:
    """Return the places of problems that are tied together."""
    above = list(range(len(problems)))

    def root(k: int) -> int:
        while above[k] != k:
            above[k] = above[above[k]]
            k = above[k]
        return k

    first: dict[tuple[str, ...], int] = {}
    for k, problem in enumerate(problems):
        for tie in _ties(problem, by):
            above[root(k)] = root(first.setdefault(tie, k))
    groups: dict[int, list[int]] = {}
    for k in range(len(problems)):
        groups.setdefault(root(k), []).append(k)
    return list(groups.values())


def _ties(problem: Problem, by: SplitBy) -> Iterable[tuple[str, ...]]:
    if by != "composition":
        yield "chain", problem.lineage.chain_id
    composition = composition_of(problem)
    if by != "chain" and len(composition) > 1:
        yield "composition", *composition
