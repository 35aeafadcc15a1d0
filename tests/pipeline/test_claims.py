"""What a teacher says is wrong or too slow is tried out."""

import msgspec

from stepsmith.core.records import Limits, Solution
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.claims import check_claims
from tests.records import a_problem

CONTRACT = a_problem().contract
PROBLEM = a_problem(contract=msgspec.structs.replace(CONTRACT, limits=Limits(time_s=0.5)))


def program(body: str) -> Solution:
    return Solution(language="python", code=f"def even_sum(nums):\n    {body}\n")


SLOW = program("while nums: pass\n    return 0")
WRONG = program("return max(nums, default=0)")
RIGHT = program("return sum(v * (1 - v % 2) for v in nums)")


def test_what_fails_stays_as_a_wrong_program_and_what_passes_is_returned(judge: LocalJudge) -> None:
    problem, passing = check_claims([SLOW, RIGHT, WRONG], PROBLEM, judge)
    assert passing == (RIGHT.code,)
    assert dict(problem.provenance)["claimed_wrong"] == "TLE, AC, WA"
    assert [(one.solution, one.origin) for one in problem.wrong[1:]] == [
        (SLOW, "claimed by the teacher: TLE"),
        (WRONG, "claimed by the teacher: WA"),
    ]
    for one in problem.wrong[1:]:
        tests = problem.tests[one.killed_by :][:1]
        assert judge.judge(one.solution, problem.contract, tests).verdict != "AC"


def test_without_claims_nothing_changes(judge: LocalJudge) -> None:
    assert check_claims([], PROBLEM, judge) == (PROBLEM, ())


def test_a_claim_is_no_wrong_program_twice(judge: LocalJudge) -> None:
    once, _ = check_claims([WRONG], PROBLEM, judge)
    assert len(check_claims([WRONG], once, judge)[0].wrong) == len(once.wrong)
