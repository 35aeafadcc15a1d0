"""Suites of models' problems grow, and what a student is shown is drawn: with a real judge."""

import ast
import random
from collections import Counter

import pytest

from stepsmith.core.records import Problem, Rejection
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.building import Building, admit, derive, label
from stepsmith.pipeline.config import Config, SuiteSettings, SynthSettings
from stepsmith.pipeline.variations import varied_inputs
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.llm.draft import LLMDraft
from tests.synth.llm.test_teacher import PLACE, good, judge, propose

CODE = """def f(xs, k):
    if len(xs) == 2 and xs[0] == 7:
        raise ValueError("seven")
    return sum(x for x in xs if x % k) - len(xs)


def pre_test_f(xs, k):
    return 0 < k <= 5 and all(0 <= x < 50 for x in xs)
"""
INPUTS = ("[4, 6, 9], 3", "[14, 7], 2", "[5, 6, 12, 31, 2], 4", "[], 5", "[8, 8, 2, 40], 5")
__all__ = ["judge"]  # a fixture


def building(judge: LocalJudge, draft: LLMDraft, seed: int = 1, **suite: int) -> Building:
    config = Config(synth=SynthSettings(teacher="t"), suite=SuiteSettings(**suite))
    return Building(draft, PLACE, config, judge, Scorer(judge), random.Random(seed))


def labelled(build: Building) -> Problem:
    problem = label(build)
    assert isinstance(problem, Problem), problem.detail
    return problem


def test_inputs_are_varied_within_what_the_teacher_allows(judge):
    draft = propose(judge, good(CODE, INPUTS))
    problem = labelled(building(judge, draft))
    assert len(problem.tests) == 24
    assert dict(problem.provenance)["varied_tests"] == "19"
    assert [test.input for test in problem.tests[:5]] == list(draft.reply.inputs)
    for test in problem.tests[5:]:
        xs, k = ast.literal_eval(test.input)
        assert 2 <= k <= 5
        assert len(xs) <= 5
        assert all(2 <= x <= 40 for x in xs)
        assert xs[:1] != [7] or len(xs) != 2, "f fails there"
        assert test.output == str(sum(x for x in xs if x % k) - len(xs))
    assert problem.tests == labelled(building(judge, draft)).tests, "the same seed gives the same tests"
    assert problem.tests != labelled(building(judge, draft, seed=2)).tests


def test_what_is_not_deterministic_is_left_out(judge):
    unsure = "import time\n\n\n" + CODE.replace("return sum", "return time.perf_counter_ns() if len(xs) == 4 else sum")
    draft = propose(judge, good(unsure, tuple(text.replace("2, 40", "40") for text in INPUTS)))
    assert draft.fault is None, draft.fault
    found = varied_inputs(draft, judge, random.Random(1), 20)
    assert len(found) == 15
    assert 4 not in {len(ast.literal_eval(item.text)[0]) for item in found}
    assert varied_inputs(draft, judge, random.Random(1), 5) == (), "it has five"


@pytest.mark.parametrize("environment", ["deduction", "abduction"])
def test_the_test_that_is_shown_is_drawn(judge, environment):
    code = CODE.replace('    if len(xs) == 2 and xs[0] == 7:\n        raise ValueError("seven")\n', "")
    draft = propose(judge, good(code.partition("\n\n\n")[0], INPUTS), environment=environment)
    assert draft.fault is None, draft.fault
    shown: Counter[str] = Counter()
    for seed in range(6):
        build = building(judge, draft, seed, growth_executions=0)
        admitted = admit(build, labelled(build))
        assert isinstance(admitted, Problem), admitted
        derived = derive(build, admitted)
        if isinstance(derived, Rejection):
            continue
        assert derived.wrong, "what is shown tells a wrong program from the right one"
        shown[derived.tests[0].input] += 1
    assert len(shown) >= 2, shown
