"""Each harness' rules on the same replies, for mathematics, EvalPlus and programs with a check."""

import importlib.util
from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import Assertion, BenchmarkProblem
from stepsmith.benchmarks.rules import answers
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
from tests.benchmark_files import PLUS_ROW, write_rows

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
    "so \\boxed{0.25}": "official nemo-gym verifiers lighteval strict",
    "\\boxed{\\dfrac14}": "official nemo-gym verifiers verl lighteval strict",
    "The answer is 1/4.": "nemo-gym lighteval",
    "\\boxed{1/4} or \\boxed{1/3": "official nemo-gym lighteval strict",
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


SLOW = "import time\ndef total(xs):\n    time.sleep(0.3)\n    return sum(xs)"


def test_nemo_gym_gives_a_program_less_time_than_evalplus(
    judge: LocalJudge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = BENCHMARKS["humaneval+"]
    (problem,) = load_benchmark(benchmark, write_rows(tmp_path / "p.jsonl", PLUS_ROW)).problems
    monkeypatch.setattr(answers, "NEMO_LEAST_S", 0.2)
    passed = {
        rules.name: answer_verdict(judge, benchmark, problem, SLOW, rules.comparing, HarnessSettings()).passed
        for rules in answer_rules(benchmark, [problem])
    }
    assert passed == {"official": True, "nemo-gym": False, "strict": True}


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
    plus = BENCHMARKS["humaneval+"]
    for name in ("aime", "gsm8k", "math-500"):
        maths = find_benchmark(name)
        rules = answer_rules(maths, [QUARTER])
        assert {one.name for one in rules} == {"official", "nemo-gym", "verifiers", "verl", "lighteval", "strict"}
        assert not lacking(maths, rules)
    inputs = BenchmarkProblem(task_id="i", prompt="", inputs=("(1,)",))
    assert [rules.name for rules in answer_rules(plus, [inputs])] == ["official", "nemo-gym", "strict"]
    with pytest.raises(CaseError, match="verl's prime_code judges inputs and outputs alone"):
        chosen_rules(plus, [inputs], ["verl", "strict"])
    chosen, missing = chosen_rules(plus, [inputs], ["strict", "official", "verl"])
    assert [rules.name for rules in chosen] == ["strict", "official"]
    assert set(missing) == {"verl"}
