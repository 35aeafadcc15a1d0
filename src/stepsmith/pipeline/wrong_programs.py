"""Wrong programs that a problem keeps: solvers' programs that lost the vote, mutants, and plausible mistakes."""

import random
from collections.abc import Sequence

import msgspec

from stepsmith.core.records import Problem, Solution, TestCase, Verdict, WrongSolution
from stepsmith.judge.protocol import Judge
from stepsmith.synth.derivation import MAX_SHOWN
from stepsmith.verify.matrix import ExecutionMatrix

VOTER = "candidate"  # the beginning of the origin of a program that a solver wrote


def is_real(wrong: WrongSolution) -> bool:
    """Say whether the program is a real attempt of a solver, and not a mutant or a constructed mistake."""
    return wrong.origin.startswith(VOTER)


def losing_voters(matrix: ExecutionMatrix, tests: Sequence[TestCase]) -> tuple[WrongSolution, ...]:
    """Return the distinct candidates that answer one of ``tests`` wrongly; these are inputs of ``matrix``, labelled.

    Running out of time or memory is left out: on another machine such a run may be right.
    """
    outputs = {test.input: test.output for test in tests}
    verdicts = matrix.verdicts([outputs.get(text) for text in matrix.inputs])
    places = [matrix.inputs.index(test.input) for test in tests]
    losing = []
    for i, solution in enumerate(matrix.solutions):
        if matrix.program_of(i) != i:
            continue
        found = verdicts(i, places)
        killed_by = next((k for k, verdict in enumerate(found) if verdict in (Verdict.WA, Verdict.RTE)), None)
        if killed_by is not None:
            losing.append(WrongSolution(solution=solution, killed_by=killed_by, origin=f"{VOTER} {i}"))
    return tuple(losing)


def undetected(judge: Judge, problem: Problem, candidates: Sequence[Solution], pool: Sequence[str]) -> int:
    """Count the solvers' programs that pass every test, and differ from the golden solution on an input of ``pool``."""
    lost = {one.solution for one in problem.wrong}
    passing = [one for one in dict.fromkeys(candidates) if one not in lost and one != problem.golden]
    matrix = ExecutionMatrix(judge, problem.contract, [problem.golden, *passing], list(dict.fromkeys(pool)))
    return sum(matrix.first_difference(0, k) is not None for k in range(1, len(passing) + 1))


def drawn_kills(judge: Judge, problem: Problem, rng: random.Random) -> tuple[WrongSolution, ...]:
    """Return the wrong programs, each with a test drawn from those that reject it and are short enough to be shown.

    Most mutants fail on the first test already, so without the draw the student would nearly always be shown that test.
    """
    places = [place for place, test in enumerate(problem.tests) if len(test.input) + len(test.output) <= MAX_SHOWN]
    drawn = []
    for wrong in problem.wrong:
        order = rng.sample(places, len(places))
        tests = [problem.tests[place] for place in order]
        if not tests:
            return problem.wrong
        results = judge.judge(wrong.solution, problem.contract, tests, stop_at_first_failure=True).tests
        fails = bool(results) and results[-1].verdict not in (Verdict.AC, Verdict.IE)
        drawn.append(msgspec.structs.replace(wrong, killed_by=order[len(results) - 1]) if fails else wrong)
    return tuple(drawn)
