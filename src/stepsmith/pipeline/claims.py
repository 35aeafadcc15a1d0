"""Checks the programs that a teacher says are wrong or too slow: each has to fail a test of its own problem.

One that fails is a wrong program with a known origin, and it stays with the problem. One that passes everything is
recorded, and its teacher is told when it refines the problem: either the claim was wrong, or the tests are too weak.
"""

from collections.abc import Sequence

import msgspec

from stepsmith.core.records import Problem, Solution, Verdict, WrongSolution
from stepsmith.judge.protocol import Judge

ORIGIN = "claimed by the teacher"


def check_claims(claimed: Sequence[Solution], problem: Problem, judge: Judge) -> tuple[Problem, tuple[str, ...]]:
    """Judge the programs that a teacher ``claimed`` to fail; return the problem with the results, and the code of those
    that pass every test.

    A program on which our own machinery fails (IE) counts as neither.
    """
    if not claimed:
        return problem, ()
    wrong: list[WrongSolution] = []
    passing: list[str] = []
    words: list[str] = []
    for program in claimed:
        judgement = judge.judge(program, problem.contract, problem.tests, stop_at_first_failure=True)
        words.append(str(judgement.verdict))
        if judgement.verdict is Verdict.AC:
            passing.append(program.code)
        elif judgement.verdict not in (Verdict.IE, Verdict.CE):
            origin = f"{ORIGIN}: {judgement.verdict}"
            wrong.append(WrongSolution(solution=program, killed_by=len(judgement.tests) - 1, origin=origin))
    known = {one.solution for one in problem.wrong}
    new = tuple(one for one in wrong if one.solution not in known)
    provenance = (*problem.provenance, ("claimed_wrong", ", ".join(words)))
    return msgspec.structs.replace(problem, wrong=(*problem.wrong, *new), provenance=provenance), tuple(passing)
