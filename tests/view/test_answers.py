"""Judging a reader's answer in every environment: what is told, and what stays hidden."""

import msgspec
import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Example, Limits, Problem, TestCase, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.view import answers
from stepsmith.view.answers import languages_for, try_answer
from tests.envs.test_environments import PROBLEMS, every_problem

STDIO = PROBLEMS["stdio"]


@every_problem
def test_the_golden_answer_is_right(judge: LocalJudge, problem: Problem) -> None:
    answer = ENVIRONMENTS[problem.environment].golden(problem)
    tried = try_answer(judge, problem, answer.text, answer.language, hidden=False)
    assert (tried.verdict, tried.fault, tried.left) == (Verdict.AC, "", 0)
    assert tried.passed == len(tried.tests) == (len(problem.tests) if problem.environment == "induction" else 1)


@pytest.mark.parametrize(
    ("name", "answer", "why"),
    [("abduction", "[1], 5", "the program returns 0 on this input"),
     ("abduction", "```python\n[3], 5\n```\nfrom a model", "the program returns 0"),
     ("deduction", "14", "not 14"),
     ("fuzzing", "[1, 2], 3", "the property holds"),
     ("fuzzing", "[1, 2], 77", "pre_test_f does not return True")],
)  # fmt: skip
@pytest.mark.parametrize("hidden", [False, True])
def test_a_wrong_value_says_why(judge: LocalJudge, name: str, answer: str, why: str, hidden: bool) -> None:
    tried = try_answer(judge, PROBLEMS[name], answer, "python", hidden=hidden)
    (one,) = tried.tests
    assert tried.verdict is Verdict.WA
    assert why in one.result.message
    if hidden:
        told = repr(one)
        assert PROBLEMS[name].tests[0].output not in told.replace(answer, "") or name != "deduction"


@pytest.mark.parametrize("name", ["abduction", "deduction", "fuzzing"])
@pytest.mark.parametrize("answer", ["", "I do not know", "[1,"])
def test_what_is_no_value_is_asked_again(judge: LocalJudge, name: str, answer: str) -> None:
    tried = try_answer(judge, PROBLEMS[name], answer, "python", hidden=True)
    assert tried.verdict is None
    assert "Python literal" in tried.fault


def test_the_first_difference_is_shown_where_the_test_is(judge: LocalJudge) -> None:
    first = STDIO.tests[0]
    problem = msgspec.structs.replace(STDIO, examples=(Example(input=first.input, output=first.output),))
    tried = try_answer(judge, problem, "print(int(input()) + 1)", "python", hidden=False)
    assert [one.result.verdict for one in tried.tests] == [Verdict.WA, Verdict.WA, Verdict.WA, Verdict.WA]
    assert [(pair.expected, pair.actual, pair.same) for pair in tried.told[0].pairs] == [("9", "4", False)]
    attempt = try_answer(judge, problem, "print(int(input()) + 1)", "python", hidden=True)
    assert [one.test is None for one in attempt.tests] == [False, True, True, True]
    assert all(not one.result.message and not one.result.stderr for one in attempt.tests[1:])
    assert attempt.told[0].pairs == tried.told[0].pairs


def test_a_program_cannot_print_hidden_tests_to_the_reader(judge: LocalJudge) -> None:
    spying = "import sys\nsys.stderr.write('SEEN ' + sys.stdin.read())\nsys.exit(3)"
    tried = try_answer(judge, STDIO, spying, "python", hidden=True)
    assert tried.verdict is Verdict.RTE
    assert "SEEN" not in repr(tried)
    assert "SEEN 3" in repr(try_answer(judge, STDIO, spying, "python", hidden=False))


def test_time_is_bounded_by_the_problem_by_the_viewer_and_for_the_request(
    judge: LocalJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = msgspec.structs.replace(STDIO, contract=Contract(interface="stdio", limits=Limits(time_s=0.2, wall_s=3.0)))
    monkeypatch.setattr(answers, "MOST_SECONDS", 0.0)
    tried = try_answer(judge, slow, "while True: pass", "python", hidden=False)
    assert [one.result.verdict for one in tried.tests] == [Verdict.TLE][: len(tried.tests)]
    assert tried.left == len(STDIO.tests) - len(tried.tests)
    endless = Contract(interface="stdio", limits=Limits(time_s=1e9, wall_s=1e9, memory_mb=10**9, output_mb=1e9))
    assert answers.bounded(endless).limits == answers.MOST_LIMITS
    for limits in (Limits(time_s=float("nan")), Limits(memory_mb=0), Limits(wall_s=-1.0)):
        with pytest.raises(CaseError, match="limits"):
            answers.bounded(Contract(interface="stdio", limits=limits))


def test_what_cannot_be_judged_is_said(judge: LocalJudge) -> None:
    assert "no program" in try_answer(judge, STDIO, " \n", "python", hidden=False).fault
    untested = msgspec.structs.replace(STDIO, tests=())
    assert "no tests" in try_answer(judge, untested, "print()", "python", hidden=False).fault
    broken = try_answer(judge, STDIO, "print(", "python", hidden=False)
    assert broken.verdict in (Verdict.CE, Verdict.RTE)


def test_functions_are_written_in_python() -> None:
    assert languages_for(PROBLEMS["induction"]) == ["python"]
    assert languages_for(PROBLEMS["deduction"]) == ["python"]
    assert languages_for(STDIO)[0] == "python"


def test_a_long_line_is_shown_around_its_difference(judge: LocalJudge) -> None:
    output = " ".join(map(str, range(400)))
    problem = msgspec.structs.replace(STDIO, tests=(TestCase(input="1\n", output=output),))
    tried = try_answer(judge, problem, "print(*range(300), 7, *range(301, 400))", "python", hidden=False)
    (pair,) = tried.told[0].pairs
    assert "299 300" in str(pair.expected)
    assert "299 7 301" in str(pair.actual)
    assert len(str(pair.expected)) <= answers.LINE_WIDTH + 2
