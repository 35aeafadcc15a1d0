"""What solvers got wrong is kept, and measured apart from mutants: with a real judge."""

import random

import pytest

from stepsmith.core.records import Contract, Lineage, Problem, Solution, TestCase
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.building import Building, admit, label, measure
from stepsmith.pipeline.config import Config, SuiteSettings, SynthSettings
from stepsmith.pipeline.wrong_programs import is_real, losing_voters
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import TestInput
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.statement import Sample, WrittenStatement
from stepsmith.verify.matrix import ExecutionMatrix

PLACE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s")
RIGHT = "print(sum(x for x in xs if x % 3 == 0) - len(xs))"
SAME = "print(sum(x for x in xs if not x % 3) - len(xs))"
NO_LENGTH = "print(sum(x for x in xs if x % 3 == 0))"
FAILS_ON_LONG = "xs[5:6] and xs[9]\nprint(sum(x for x in xs if x % 3 == 0) - len(xs))"
NEGATIVE = "print(sum(x for x in xs if x % 3 == 0 and x > -50) - len(xs))"  # no input of the suite shows it
INPUTS = ("3 4 9", "1", "6 6 6", "2 3 5 7 9 12 30", "-3 8", "0 1 3", "9 9", "21 4 4 4")


@pytest.fixture(scope="module")
def judge():
    with LocalJudge() as judge:
        yield judge


def program(body: str) -> Solution:
    return Solution(language="python", code=f"xs = list(map(int, input().split()))\n{body}\n")


class Supply:
    """Gives one input that the suite has not."""

    def draw(self, rng: random.Random) -> str:
        return "-99 3\n"

    def allows(self, text: str) -> bool:
        return False


def test_losing_voters_are_kept_and_measured_apart(judge):
    statement = WrittenStatement(
        style="codeforces", title="Thirds", body="Add the multiples of three and take away the count. " * 3,
        starter_code="", entry_point=None, validator="",
        samples=(Sample(input="3 4 9\n", output="9"), Sample(input="1\n", output="-1")),
    )  # fmt: skip
    lines = (RIGHT, SAME, RIGHT, SAME, NO_LENGTH, NO_LENGTH, FAILS_ON_LONG, NEGATIVE)
    draft = TwoStageDraft(
        environment="induction", direction="new", change="", statement=statement, supply=Supply(),
        inputs=tuple(TestInput(text=f"{text}\n", kind="nominal") for text in INPUTS),
        candidates=tuple(program(line) for line in lines),
    )  # fmt: skip
    config = Config(synth=SynthSettings(method="two-stage", teacher="t"), suite=SuiteSettings(growth_executions=0))
    build = Building(draft, PLACE, config, judge, Scorer(judge), random.Random(1))
    problem = label(build)
    assert isinstance(problem, Problem), problem.detail
    assert [one.solution for one in problem.wrong] == [program(NO_LENGTH), program(FAILS_ON_LONG)], "each program once"
    assert [one.killed_by for one in problem.wrong] == [0, 3]
    problem = admit(build, problem)
    assert isinstance(problem, Problem), problem.detail
    assert [is_real(one) for one in problem.wrong[:2]] == [True, True]
    assert not any(is_real(one) for one in problem.wrong[2:])
    assert len(problem.wrong) > 4
    facts = dict(measure(build, problem).provenance)
    assert (facts["kill_rate_real"], facts["real_wrong_tried"]) == ("0.667", "3"), "a third differs outside the suite"
    assert int(facts["wrong_tried"]) >= len(problem.wrong) - 2
    assert float(facts["kill_rate"]) > 0.8


def test_running_out_of_time_proves_nothing(judge):
    contract = Contract(interface="stdio")
    slow = program("while len(xs) > 2: pass\n" + RIGHT)
    matrix = ExecutionMatrix(judge, contract, [program(RIGHT), slow], ["3 4\n", "3 4 9\n"])
    tests = [TestCase(input="3 4\n", output="1\n"), TestCase(input="3 4 9\n", output="9\n")]
    assert losing_voters(matrix, tests) == ()
