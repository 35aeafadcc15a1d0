"""Answers in awkward texts, by each rule."""

from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.extraction import EXTRACTIONS, defines
from stepsmith.benchmarks.problem import BenchmarkProblem
from tests.benchmark_files import HUMANEVAL_ROW, write_rows

GOOD = "def total(xs):\n    return sum(xs)"


@pytest.fixture
def problem(tmp_path: Path) -> BenchmarkProblem:
    row = {**HUMANEVAL_ROW, "prompt": "import math\ndef helper(x):\n    return x\n" + str(HUMANEVAL_ROW["prompt"])}
    return load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", row)).problems[0]


def runs(code: str | None) -> dict[str, object]:
    scope: dict[str, object] = {}
    assert code is not None
    exec(code, scope)
    return scope


@pytest.mark.parametrize(
    "text",
    [
        f"Here:\n```python\n{GOOD}\n```\nUse it:\n```python\nprint(total([1]))\n```",
        f"<think>```python\ndef total(xs): return 0\n```</think>\n```py\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        "```python\n    return sum(xs)\n```",  # the body alone
        "```python\nreturn sum(xs)\n```",
        f"```python\nfrom typing import List\n{GOOD}\nhelper(1)\n```",  # uses the prompt's helper
        GOOD,  # no block at all
    ],
)
def test_last_block(problem: BenchmarkProblem, text: str) -> None:
    scope = runs(EXTRACTIONS["last-block"](problem, text))
    assert scope["total"]([1, 2]) == 3  # type: ignore[operator]


def test_texts_without_code(problem: BenchmarkProblem) -> None:
    for rule in ("last-block", "first-block"):
        assert EXTRACTIONS[rule](problem, "I cannot do that.") is None
        assert EXTRACTIONS[rule](problem, "") is None


def test_the_first_block_is_another_rule(problem: BenchmarkProblem) -> None:
    text = "```python\ndef total(xs): return 1\n```\nor\n```python\ndef total(xs): return 2\n```"
    assert [runs(EXTRACTIONS[rule](problem, text))["total"]([]) for rule in ("first-block", "last-block")] == [1, 2]  # type: ignore[operator]


def test_stop_sequences_of_the_paper(problem: BenchmarkProblem) -> None:
    cut = EXTRACTIONS["stop-sequences"](problem, "    return sum(xs)\n\nprint(total([1]))\ndef more(): pass")
    assert cut == problem.prompt + "    return sum(xs)\n"


def test_evalplus_keeps_what_the_entry_point_needs(problem: BenchmarkProblem) -> None:
    helpers = "import math\nN = 1\nM = 2\ndef helper():\n    return N\n"
    text = f"Sure!\n```python\n{helpers}{GOOD} + helper() * 0\n```\ntotal([1])"
    kept = EXTRACTIONS["evalplus"](problem, text)
    assert kept == f"import math\nN = 1\ndef helper():\n    return N\n{GOOD} + helper() * 0"


def test_defines() -> None:
    assert defines("total = lambda xs: 0", "total")
    assert not defines("def total_of(xs): pass\n    def total(): pass", "total")
