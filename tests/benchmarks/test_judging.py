"""Verdicts by check programs and by EvalPlus' comparison with the reference."""

from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.references import References
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.errors import CaseError
from stepsmith.judge.local import LocalJudge
from tests.benchmark_files import HUMANEVAL_ROW, MBPP_ROW, PLUS_ROW, write_rows


def judged(judge: LocalJudge, name: str, path: Path, *answers: str) -> list[SampleVerdict]:
    benchmark = BENCHMARKS[name]
    (problem,) = load_benchmark(benchmark, path).problems
    return benchmark.judge(judge, problem, answers, HarnessSettings())


def test_humaneval(judge: LocalJudge, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "h.jsonl", HUMANEVAL_ROW)
    benchmark, prompt = BENCHMARKS["humaneval"], str(HUMANEVAL_ROW["prompt"])
    (problem,) = load_benchmark(benchmark, path).problems
    right, wrong, crash, syntax = judged(
        judge, "humaneval", path, benchmark.program(problem, "    return sum(xs)\n"),
        "def total(xs):\n    return len(xs) + 1", prompt + "    return xs.sum()", prompt + "    return (",
    )  # fmt: skip
    assert right.passed
    assert (wrong.outcome, wrong.failed_test) == ("wrong answer", "assert candidate([]) == 0")
    assert (crash.outcome, crash.message) == ("crash", "AttributeError: 'list' object has no attribute 'sum'")
    assert crash.failed_test == "assert candidate([1, 2]) == 3"
    assert syntax.outcome == "syntax"


def test_mbpp_runs_setup_and_imports_after_the_answer(judge: LocalJudge, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "m.jsonl", MBPP_ROW)
    right, wrong = judged(judge, "mbpp", path, str(MBPP_ROW["code"]), "class Node:\n  def __init__(s, v): s.v = v\n"
                          "def root_of(n): return 3")  # fmt: skip
    assert right.passed
    assert wrong.failed_test == "assert math.isclose(root_of(Node(2)), 1.41421, rel_tol=0.001)"


def test_evalplus_has_base_and_plus(judge: LocalJudge, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "p.jsonl", PLUS_ROW)
    right, almost, none, kind, near = judged(
        judge, "humaneval+", path, "def total(xs):\n    return sum(xs)", "def total(xs):\n    return sum(xs) or None",
        "def other(): pass", "def total(xs):\n    return float(sum(xs))",
        "def total(xs):\n    return sum(reversed(xs)) + (1e-9 if 0.1 in xs else 0)",
    )  # fmt: skip
    assert right.parts == (("base", True), ("plus", True))
    assert (almost.outcome, almost.parts) == ("wrong answer", (("base", True), ("plus", False)))
    assert (almost.failed_test, almost.got) == ("total([],)", "None")
    assert (none.outcome, none.message) == ("crash", "KeyError: 'total'")
    assert kind.parts == (("base", True), ("plus", False))  # 3.0 == 3, but 1e30 is not 10**30
    assert near.passed  # the tolerance for floats


def plus_row(entry_point: str, reference: str, base: object, atol: float = 0) -> dict[str, object]:
    return {
        **PLUS_ROW, "task_id": "Mbpp/900", "prompt": "", "entry_point": entry_point, "canonical_solution": reference,
        "base_input": base, "plus_input": {}, "atol": atol,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry_point", "reference", "answer", "passes"),
    [
        ("similar_elements", "return [1, 2, 2]", "return (2, 1)", True),  # compared as sets
        ("f", "return [1, 2, 2]", "return [2, 1]", False),
        ("check_str", "return 'match'", "return object()", True),  # only None or not
        ("check_str", "return 'match'", "return False", False),
        ("sum_div", "return 5", "return 0", True),
        ("f", "return (1.0, 2.0)", "return (1.0, 2.0000001)", True),
        ("f", "return (1.0, 2.0)", "return [1.0, 2.0]", False),
        ("f", "return [1.0, 2.0]", "return [1.0]", False),
        ("f", "return [[1.5], [2.5]]", "return [[1.5], [2.5000001]]", False),  # nested: no tolerance
        ("f", "return float('inf')", "return float('inf')", True),
        ("f", "return 1.0", "return True", True),  # equal, and so of no interest which type
        ("f", "return {1: {2}}", "return {1: {2}}", True),
    ],
)
def test_evalplus_own_rules_of_comparison(
    judge: LocalJudge, tmp_path: Path, entry_point: str, reference: str, answer: str, passes: bool
) -> None:
    define = f"def {entry_point}(x):\n    "
    path = write_rows(tmp_path / "p.jsonl", plus_row(entry_point, define + reference, [[1]]))
    (verdict,) = judged(judge, "mbpp+", path, define + answer)
    assert verdict.passed is passes


def test_the_tolerance_of_a_task_reaches_nested_values(judge: LocalJudge, tmp_path: Path) -> None:
    row = plus_row("f", "def f(x):\n    return [[1.5], [2.5]]", [[1]], atol=1e-4)
    near, far = judged(judge, "mbpp+", write_rows(tmp_path / "p.jsonl", row), "def f(x): return [[1.5], [2.50001]]",
                       "def f(x): return [[1.5], [2.51]]")  # fmt: skip
    assert near.passed
    assert not far.passed


def test_outputs_of_references_are_kept_on_disk(judge: LocalJudge, tmp_path: Path) -> None:
    (problem,) = load_benchmark(BENCHMARKS["humaneval+"], write_rows(tmp_path / "p.jsonl", PLUS_ROW)).problems
    found = References(tmp_path / "kept").outputs(judge, problem, "humaneval")
    assert len(found.seconds) == 4
    closed = LocalJudge()
    closed.close()
    assert References(tmp_path / "kept").outputs(closed, problem, "humaneval") == found


def test_a_reference_that_fails_is_the_file_s_fault(judge: LocalJudge, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "p.jsonl", plus_row("f", "def f(x):\n    return 1 / 0", [[1]]))
    with pytest.raises(CaseError, match="reference of Mbpp/900 fails"):
        judged(judge, "mbpp+", path, "def f(x): return 1")
