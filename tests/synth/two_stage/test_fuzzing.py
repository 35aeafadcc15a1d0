"""Fuzzing out of a function problem, with the real sandbox."""

import random

import pytest

from stepsmith.core.records import Contract, Lineage, Problem, Solution, TestCase, Verdict, WrongSolution
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.environment import Answer
from stepsmith.pipeline.building import Building, build_problem
from stepsmith.pipeline.config import Config, SuiteSettings
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import Attempts
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.fuzzing import fuzzing
from stepsmith.synth.two_stage.settings import TwoStageSettings
from tests.synth.two_stage.scripted import ScriptedModel
from tests.synth.two_stage.test_teacher import proposed

# A class, a helper and an argument that is changed, as solvers write them.
GOLDEN = """
def drop(values):
    del values[:1]
    return values


class Solution:
    def gaps(self, xs, least):
        xs.sort()
        pairs = list(zip(xs, drop(list(xs))))
        return [b - a for a, b in pairs if b - a >= least]
"""
VALIDATOR = """
MOST = 100

def small(value):
    return isinstance(value, int) and abs(value) <= MOST

def validate(xs, least):
    return isinstance(xs, list) and all(map(small, xs)) and small(least)
"""
TESTS = {"([3, 1, 1], 0)": "[0, 2]", "([9, 5], 4)": "[4]", "([1, 2, 9], 5)": "[7]", "([], 1)": "[]"}


def base(golden: str = GOLDEN) -> Problem:
    return Problem(
        environment="induction", style="leetcode", title="Gaps", statement="Find the gaps.",
        contract=Contract(interface="function", entry_point="Solution.gaps"), starter_code="", task="{}", features=(),
        tests=tuple(TestCase(input=given, output=output) for given, output in TESTS.items()),
        golden=Solution(language="python", code=golden), validator=VALIDATOR,
        lineage=Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s"),
    )  # fmt: skip


def mutant(old: str, new: str, killed_by: int) -> WrongSolution:
    assert old in GOLDEN
    code = GOLDEN.replace(old, new)
    return WrongSolution(solution=Solution(language="python", code=code), killed_by=killed_by, origin="mutant")


STRICT = mutant(">= least", "> least", 1)  # wrong where a gap is `least`, right else
HOPELESS = mutant("return [b", "return ['no'] + [b", 0)  # wrong on everything


def test_the_mutant_the_validator_and_the_golden_become_the_three_functions(judge):
    problem = fuzzing(base(), [HOPELESS, STRICT], judge, random.Random(1))
    assert problem is not None
    assert problem.environment == "fuzzing"
    environment = ENVIRONMENTS["fuzzing"]
    prompt = environment.render(problem)
    assert [f"def {name}(xs, least):" in prompt for name in ("f", "pre_test_f", "test_f")] == [True] * 3
    verdicts = {
        answer: environment.judge(judge, problem, Answer(text=answer)).verdict
        for answer in ("([9, 5], 4)", "([3, 1, 2], 1)", "([3, 1], 0)", "([500, 4], 496)", "(5, 5)")
    }
    assert verdicts == {
        "([9, 5], 4)": Verdict.AC,  # the test that rejects the mutant
        "([3, 1, 2], 1)": Verdict.AC,  # another one that does
        "([3, 1], 0)": Verdict.WA,  # the mutant is right here, though it sorts its argument
        "([500, 4], 496)": Verdict.WA,  # not well formed
        "(5, 5)": Verdict.WA,
    }
    assert environment.golden(problem) == Answer(text="([9, 5], 4)")
    own = judge.judge(problem.golden, problem.contract, problem.tests)
    assert own.verdict is Verdict.AC
    (killed,) = [w for w in problem.wrong if w.solution.code.startswith(STRICT.solution.code.strip())]
    assert judge.judge(killed.solution, problem.contract, [problem.tests[killed.killed_by]]).verdict is Verdict.WA


@pytest.mark.parametrize("wrong", [[], [HOPELESS]])
def test_a_mistake_that_shows_everywhere_is_no_search(judge, wrong):
    assert fuzzing(base(), wrong, judge, random.Random(1)) is None


@pytest.mark.parametrize("environment", ["abduction", "deduction", "fuzzing"])
def test_methods_of_a_class_are_asked_about_in_every_environment(judge, environment):
    draft = TwoStageDraft(environment=environment, direction="new", change="", judge=judge)
    problem = draft.derive(base(), [STRICT], random.Random(1))
    assert problem is not None
    player = ENVIRONMENTS[environment]
    golden = player.golden(problem)
    assert player.judge(judge, problem, golden).verdict is Verdict.AC
    assert player.parse(problem, player.write(golden)) == golden
    for answer in player.baselines(problem).values():
        assert player.judge(judge, problem, answer).verdict is Verdict.WA


@pytest.mark.parametrize("environment", ["abduction", "deduction", "fuzzing"])
def test_an_entry_point_without_parameters_to_see_is_unfit(judge, environment):
    hidden = "class Solution:\n    gaps = staticmethod(lambda xs, least: [])\n"
    draft = TwoStageDraft(environment=environment, direction="new", change="", judge=judge)
    assert draft.derive(base(hidden), [STRICT], random.Random(1)) is None


class Knowing:
    """Finds the counter-example every other time, and answers with an input that shows nothing else."""

    name = "knowing"

    def attempts(self, draft: object, problem: Problem, rng: object) -> Attempts:
        environment = ENVIRONMENTS[problem.environment]
        right = environment.write(environment.golden(problem))
        wrong = environment.write(next(iter(environment.baselines(problem).values())))
        return lambda n: [Completion(text=right if number % 2 else wrong) for number in range(n)]


def test_a_two_stage_proposal_becomes_a_fuzzing_problem(judge):
    draft = proposed(judge, ScriptedModel(), environment="fuzzing", settings=TwoStageSettings(solutions=4))
    config = Config(suite=SuiteSettings(growth_executions=0, mutants=0))
    lineage = base().lineage
    built = build_problem(Building(draft, lineage, config, judge, Scorer(judge), random.Random(1)), Knowing())
    assert isinstance(built.result, Problem), built.result
    assert built.result.environment == "fuzzing"
    assert built.rating is not None
    assert built.rating.rate.rate == 0.5
