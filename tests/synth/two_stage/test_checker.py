"""A teacher's checker, from its reply to every place where a kept problem goes."""

import random
from dataclasses import replace

import pytest

import stepsmith as st
from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Judgement, Lineage, Problem, Rejection, Solution, TestCase, Verdict
from stepsmith.llm.parsing import ParseFailure
from stepsmith.pipeline.building import Building, label, rate_by
from stepsmith.pipeline.config import Config, SynthSettings, VoterSettings
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import Scorer
from stepsmith.scoring.tests import SplitSettings
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, read_problems, write_rows
from stepsmith.synth.draft import Attempts, TestInput
from stepsmith.synth.two_stage.checker import unusable_checker
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import Sample, WrittenStatement, statement_parser
from stepsmith.train.verl.rows import ground_truth
from stepsmith.verify.formats.dataset import dataset_problem
from tests.synth.two_stage.test_replies import BODY, written

CHECK = """
def check(given, output, answer):
    try:
        parts = [int(word) for word in output.split()]
    except ValueError:
        return False
    return len(parts) == 2 and min(parts) > 0 and sum(parts) == int(given)
"""
CHECK_VALUES = """
def check(given, output, answer):
    (n,) = given
    if not isinstance(output, list) or len(output) != 2 or not all(type(part) is int and part > 0 for part in output):
        return False
    return sum(output) == n
"""
FIRST, LAST, HALVES = "print(1, n - 1)", "print(n - 1, 1)", "print(n // 2, n - n // 2)"
WRONG = "print(0, n)"
PLACE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s")


def program(line: str) -> Solution:
    return Solution(language="python", code=f"n = int(input())\n{line}\n")


def build(
    judge, checker: str, *lines: str, method: str = "dual-verification", body: str = "Print any split."
) -> Building:
    statement = WrittenStatement(
        style="codeforces", title="Split", body=f"An integer is given. {body}", starter_code="", entry_point=None,
        samples=(Sample(input="5\n", output="2 3"),), validator="", checker=checker,
    )  # fmt: skip
    draft = TwoStageDraft(
        environment="induction", direction="new", change="", statement=statement,
        inputs=tuple(TestInput(text=f"{n}\n", kind="nominal") for n in (5, 2, 9, 14, 30, 101)),
        candidates=tuple(program(line) for line in lines),
    )  # fmt: skip
    config = Config(synth=SynthSettings(method="two-stage"), voters=VoterSettings(method=method))  # type: ignore[arg-type]
    return Building(draft, PLACE, config, judge, Scorer(judge), random.Random(1))


def labelled(judge, *args: str, **options: str) -> Problem | Rejection:
    return label(build(judge, *args, **options))


def test_different_right_answers_vote_together_and_wrong_ones_do_not(judge):
    problem = labelled(judge, CHECK, FIRST, WRONG, HALVES, LAST, WRONG)
    assert isinstance(problem, Problem), problem.detail
    assert problem.golden == program(FIRST)
    assert dict(problem.provenance)["golden_support"] == "1.000"
    wrong = judge.judge(program(WRONG), problem.contract, problem.tests)
    right = judge.judge(program(HALVES), problem.contract, problem.tests)
    assert (wrong.verdict, right.verdict) == (Verdict.WA, Verdict.AC)


@pytest.mark.parametrize("method", ["dual-verification", "consensus"])
def test_without_a_checker_such_a_problem_is_not_kept(judge, method):
    for body in ("Print any split.", "Print a split; any order of them is fine."):
        found = labelled(judge, "", FIRST, FIRST, FIRST, FIRST, HALVES, HALVES, method=method, body=body)
        assert isinstance(found, Rejection)
        assert found.reason == "many-valid-answers"


def test_even_where_all_solvers_agree(judge):
    found = labelled(judge, "", FIRST, FIRST, FIRST, FIRST)
    assert isinstance(found, Rejection)
    assert (found.reason, "Print any" in found.detail) == ("many-valid-answers", True)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("return True", "accepts ''"),
        ("return False", "refuses"),
        ("return sum(map(int, output.split())) == int(given)", "ValueError"),
        ("return 'yes'", "returned 'yes', not True or False"),
    ],
)
def test_a_checker_that_fails_its_trial_is_a_reason(judge, body, detail):
    found = labelled(judge, f"def check(given, output, answer):\n    {body}\n", FIRST, HALVES, LAST)
    assert isinstance(found, Rejection)
    assert found.reason == "checker-fails"
    assert detail in found.detail


def test_a_crash_of_the_checker_is_nobodys_wrong_answer(judge):
    code = CHECK.replace("return len", "assert parts[:1] != [6]\n    return len")
    problem = labelled(judge, code, FIRST, HALVES, LAST)
    assert isinstance(problem, Problem)
    judgement = judge.judge(program("print(6, n - 6)"), problem.contract, problem.tests[2:3])
    assert judgement.verdict is Verdict.IE
    reply = f"```python\n{program('print(*((6, n - 6) if n > 6 else (1, n - 1)))').code}```"
    (scored,) = st.score(problem, [reply], judge=judge)
    assert scored.reward is None


class Attempting:
    """A student whose answers the checker crashes on."""

    name = "attempting"

    def attempts(self, draft: object, problem: Problem, rng: random.Random) -> Attempts:
        reply = f"```python\n{program('print(*((6, n - 6) if n > 6 else (1, n - 1)))').code}```"
        return lambda n: [Completion(text=reply)] * n


class Gone:
    """A judge that is gone."""

    isolation = "L1"

    def judge(self, *_: object, **__: object) -> Judgement:
        raise SandboxError("gone")

    execute = judge

    def agree(self, *_: object) -> bool:
        raise SandboxError("gone")


def test_a_checker_that_fails_on_attempts_is_a_reason_and_a_judge_that_is_gone_is_not(judge):
    code = CHECK.replace("return len", "assert parts[:1] != [6]\n    return len")
    made = build(judge, code, FIRST, HALVES, LAST)
    problem = label(made)
    assert isinstance(problem, Problem)
    found, _ = rate_by(made, problem, Attempting())
    assert isinstance(found, Rejection)
    assert found.reason == "checker-fails"
    gone = replace(made, judge=Gone(), scorer=Scorer(Gone()))
    with pytest.raises(SandboxError):
        rate_by(gone, problem, Attempting())


def test_it_goes_wherever_the_problem_goes(judge, tmp_path):
    made = labelled(judge, CHECK, FIRST, HALVES, LAST)
    assert isinstance(made, Problem)
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(made)])
    (problem,) = read_problems(tmp_path / "problems.parquet")
    assert problem == made
    files = dict(problem.contract.checker.files)
    assert "def check" in files["rules.py"]
    assert ground_truth(problem, SplitSettings()).case.checker_files == files  # verl, and the judge's endpoint
    assert dataset_problem(problem).checker_files == files  # stepsmith verify
    right, wrong = st.score(problem, [f"```python\n{program(line).code}```" for line in (HALVES, WRONG)], judge=judge)
    assert (right.reward, wrong.reward) == (1.0, 0.0)


def test_of_functions_it_sees_values(judge):
    contract = WrittenStatement(
        style="leetcode", title="", body="", starter_code="", entry_point="f", samples=(), validator="",
        checker=CHECK_VALUES,
    ).contract(2.0)  # fmt: skip
    tests = [TestCase(input="(5,)", output="[1, 4]")]
    verdicts = [
        judge.judge(Solution(language="python", code=f"def f(n):\n    return {value}"), contract, tests).verdict
        for value in ("[2, 3]", "[0, 5]", "(2, 3)", "object()", "float('nan')")
    ]
    assert verdicts == [Verdict.AC, *[Verdict.WA] * 4]


@pytest.mark.parametrize(
    ("code", "fault"),
    [(CHECK, ""), ("def check(a, b):\n    pass", "three"), ("check = 1", "define"), ("def check(", "parse")],
)
def test_what_cannot_be_a_checker(code, fault):
    assert fault in unusable_checker(code)
    assert bool(unusable_checker(code)) is bool(fault)


def test_a_reply_may_hand_one_over():
    parser = statement_parser("codeforces", TwoStageSettings())
    several = {"statement": BODY + "Print any of them."}
    failure = parser(written(**several))
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, "'Print any'" in failure.detail) == ("many-valid-answers", True)
    read = parser(written(**several, checker=f"```python\n{CHECK}```"))
    assert isinstance(read, WrittenStatement)
    assert read.contract(1.0).checker.name == "custom-kattis"
    failure = parser(written(**several, checker="print(1)"))
    assert isinstance(failure, ParseFailure)
    assert failure.reason == "unusable-checker"
