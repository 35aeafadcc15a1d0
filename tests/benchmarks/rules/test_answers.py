"""Each harness' rules on the same replies, for mathematics, EvalPlus and programs with a check."""

import importlib.util

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import Assertion, BenchmarkProblem
from stepsmith.benchmarks.rules.answers import (
    GivenSample,
    answer_of,
    answer_rules,
    answer_verdict,
    chosen_rules,
    lacking,
)
from stepsmith.core.errors import CaseError
from stepsmith.evaluate.library import find_benchmark
from stepsmith.judge.local import LocalJudge

QUARTER = BenchmarkProblem(task_id="a", prompt="", interface="text", answer="\\frac{1}{4}")
PROGRAM = BenchmarkProblem(
    task_id="p",
    prompt="",
    entry_point="f",
    check="assert f(1) == 2",
    assertions=(Assertion(text="assert f(1) == 2", arguments="(1,)", expected="2"),),
)
LIAR = "class L(int):\n    def __eq__(self, other): return True\ndef f(x):\n    return L(0)\n"
# reply -> the rules that accept it
REPLIES = {
    "so \\boxed{0.25}": "official nemo-gym verifiers strict",
    "\\boxed{\\dfrac14}": "official nemo-gym verifiers verl strict",
    "The answer is 1/4.": "nemo-gym",
    "\\boxed{1/4} or \\boxed{1/3": "official nemo-gym strict",
    "<think>\\boxed{3}</think> \\boxed{1/4}": "official verifiers verl strict",
    "\\boxed{4}": "",
}


@pytest.mark.skipif(importlib.util.find_spec("math_verify") is None, reason="needs math-verify")
def test_mathematics_by_the_rules_of_each_harness(judge: LocalJudge) -> None:
    benchmark = find_benchmark("math-500")
    for reply, accepted in REPLIES.items():
        sample = GivenSample(reply, benchmark.program(QUARTER, reply))
        found = {
            rules.name
            for rules in answer_rules(benchmark, [QUARTER])
            if answer_verdict(
                judge,
                benchmark,
                QUARTER,
                answer_of(QUARTER, sample, rules.extraction),
                rules.comparing,
                HarnessSettings(),
            ).passed
        }
        assert found == set(accepted.split()), reply


def test_a_value_that_is_equal_to_everything_is_found_outside_its_process(judge: LocalJudge) -> None:
    benchmark = BENCHMARKS["humaneval"]
    for answer, official, values in (
        (LIAR, True, False),
        ("def f(x):\n    return x + 1\n", True, True),
        ("", False, False),
    ):
        for comparing, passed in (("official", official), ("values", values)):
            verdict = answer_verdict(judge, benchmark, PROGRAM, answer, comparing, HarnessSettings())  # type: ignore[arg-type]
            assert verdict.passed == passed, (answer, comparing)


def test_a_harness_without_rules_is_named() -> None:
    aime, plus = find_benchmark("aime"), BENCHMARKS["humaneval+"]
    assert set(lacking(aime, answer_rules(aime, [QUARTER]))) == {"lighteval", "verl"}
    inputs = BenchmarkProblem(task_id="i", prompt="", inputs=("(1,)",))
    assert [rules.name for rules in answer_rules(plus, [inputs])] == ["official", "nemo-gym", "strict"]
    with pytest.raises(CaseError, match="verl's prime_code judges inputs and outputs alone"):
        chosen_rules(plus, [inputs], ["verl", "strict"])
    chosen, missing = chosen_rules(plus, [inputs], ["strict", "official", "verl"])
    assert [rules.name for rules in chosen] == ["strict", "official"]
    assert set(missing) == {"verl"}
