"""Golden programs against a benchmark, resumed after an interruption."""

from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Problem, TestCase
from stepsmith.curate import passing
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.curate.contamination import embed_items
from stepsmith.curate.folder import CurationFolder
from stepsmith.curate.meaning import Meanings
from stepsmith.curate.passing import passing_hits
from stepsmith.curate.problem_table import read_table
from stepsmith.judge.local import LocalJudge
from tests.curate.problems import ISLANDS, LONGEST_RUN, made, write_set

ITEM = BenchmarkItem(
    name="Bench/9",
    text="Find the length of the longest increasing run.",
    checks="assert candidate([1, 2, 0]) == 2\nassert candidate([3]) == 1\nassert candidate([1, 2, 3]) == 3\n"
    "assert candidate([1, 1]) == 1\nassert candidate([5, 1, 4]) == 2\n",
)


def test_the_hit_has_the_program_and_is_not_computed_twice(
    tmp_path: Path, judge: LocalJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = [TestCase(input="([1, 2],)", output="2")]
    problems = [made(text, chain=text[0][:3], tests=tests) for text in (ISLANDS, LONGEST_RUN)]
    problems = [_called_solve(one) for one in problems]
    table = read_table([write_set(tmp_path / "set", problems)])
    vectors = Meanings(table, "wordllama").vectors, embed_items([ITEM])
    results = []
    for _ in range(2):
        with CurationFolder(tmp_path / "out", {}, resume=True) as folder:
            results.append(list(passing_hits(table, [ITEM], [], vectors, judge, 1, folder)))
        monkeypatch.setattr(passing, "passed_items", lambda *_: pytest.fail("run again"))
    assert results[0] == results[1]
    (hit,) = results[0]
    assert (hit.row, hit.item, hit.depth, hit.method, hit.counts) == (1, "Bench/9", "behavioural", "passes", True)
    assert hit.evidence == "the golden program passes the 5 checks of Bench/9"
    assert hit.program == LONGEST_RUN[1]


def _called_solve(problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, contract=msgspec.structs.replace(problem.contract, entry_point="solve"))
