"""Our own problems as a benchmark: replies are read and judged by ``scoring``."""

from pathlib import Path

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark, within
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.judge.local import LocalJudge
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from tests.records import a_problem


def test_a_data_set_is_a_benchmark(judge: LocalJudge, tmp_path: Path) -> None:
    problem = a_problem()
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(problem)])
    benchmark = BENCHMARKS["data-set"]
    data = load_benchmark(benchmark, tmp_path)
    (only,) = data.problems
    assert (only.task_id, only.environment, only.features) == (problem.id, "induction", ("evens",))
    assert within(data, "", "") is data
    replies = [
        f"```python\n{problem.golden.code}```",
        f"```python\n{problem.wrong[0].solution.code}```",
        "I do not know.",
        "```python\ndef even_sum(nums):\n    return nums.x\n```",
    ]
    verdicts = benchmark.judge(judge, only, replies, HarnessSettings())
    assert [verdict.outcome for verdict in verdicts] == ["passed", "wrong answer", "no code", "crash"]
    assert verdicts[1].failed_test == "([1, 2],)"
