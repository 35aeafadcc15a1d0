"""Verdicts of programs on tests, looked at only as far as a question needs: first failures, and broken claims."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from stepsmith.core.records import Verdict

# Verdicts of a candidate on tests, by their indices: (candidate, tests) -> one verdict per test.
Verdicts = Callable[[int, Sequence[int]], Sequence[Verdict]]


class BrokenClaim(NamedTuple):
    """What contradicts a claim: the verdict on a test; no verdict where every test is passed."""

    verdict: Verdict | None
    test: int | None


_CRASHES = frozenset(
    {Verdict.MLE, Verdict.OLE, Verdict.CE}
)  # run time errors, where only a few verdicts are told apart


def first_failure(verdicts: Verdicts, candidate: int, tests: Sequence[int]) -> int | None:
    """Return the first of ``tests`` that a candidate fails, or None.

    More and more tests are run at a time, so that a failure is found cheaply. A run that failed by our fault (IE) is
    no failure.
    """
    done, step = 0, 1
    while done < len(tests):
        chunk = tests[done : done + step]
        for j, verdict in zip(chunk, verdicts(candidate, chunk), strict=True):
            if verdict not in (Verdict.AC, Verdict.IE):
                return j
        done, step = done + len(chunk), 2 * step
    return None


def broken_claim(
    verdicts: Verdicts, candidate: int, tests: Sequence[int], claim: Verdict, permitted: Collection[Verdict] = ()
) -> BrokenClaim | None:
    """Return how the tests contradict what is claimed of a candidate, or None.

    A claim of AC is broken by a failed test. Any other claim is broken where every test is passed; with ``permitted``
    also by a test that ends in none of these verdicts, and where no test ends in the claimed one. A program that uses
    too much memory, prints too much or does not compile counts as RTE there.
    """
    last: BrokenClaim | None = BrokenClaim(None, None)
    rest = list(tests)
    while (j := first_failure(verdicts, candidate, rest)) is not None:
        (verdict,) = verdicts(candidate, [j])
        seen = Verdict.RTE if verdict in _CRASHES else verdict
        if claim is not Verdict.AC and (not permitted or seen is claim):
            return None
        last = BrokenClaim(verdict, j)
        if claim is Verdict.AC or seen not in permitted:
            return last
        rest = rest[rest.index(j) + 1 :]
    return None if claim is Verdict.AC else last
