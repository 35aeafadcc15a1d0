"""The benchmarks at hand as records, and messages about files that are missing or belong to another one."""

import ast
from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import DATA_VARIABLE, drawn, load_benchmark
from stepsmith.core.errors import CaseError
from tests.benchmark_files import FOLDER, HUMANEVAL_ROW, MBPP_ROW, PLUS_ROW, needs_benchmarks, write_rows


@needs_benchmarks
@pytest.mark.parametrize(
    ("name", "count", "release"),
    [
        ("humaneval", 164, "HumanEval.jsonl"),
        ("humaneval+", 164, "v0.1.10 Mini"),
        ("mbpp", 427, "sanitized"),
        ("mbpp+", 378, "v0.2.0"),
    ],
)
def test_the_files_at_hand(name: str, count: int, release: str) -> None:
    data = load_benchmark(BENCHMARKS[name], FOLDER)
    assert (len(data.problems), data.release) == (count, release)
    for problem in data.problems:
        assert problem.entry_point in problem.reference
        assert problem.check or problem.inputs
        for assertion in problem.assertions:
            ast.parse(assertion.text)
    taken = sum(len(problem.assertions) > 0 for problem in data.problems)
    assert taken == {"humaneval": 158, "humaneval+": 0}.get(name, count)


def test_humaneval_rows(tmp_path: Path) -> None:
    data = load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl.gz", HUMANEVAL_ROW))
    (problem,) = data.problems
    assert problem.statement == "Add up.\n>>> total([1, 2])\n3"
    assert problem.reference.endswith("return sum(xs)\n")
    assert problem.check.endswith("\ncheck(total)")
    assert [one.arguments for one in problem.assertions] == ["([1, 2],)", "([],)", "([5],)"]
    assert data.release == "unknown"


def test_mbpp_rows_keep_what_runs_before_the_tests(tmp_path: Path) -> None:
    (problem,) = load_benchmark(BENCHMARKS["mbpp-full"], write_rows(tmp_path / "m.jsonl", MBPP_ROW)).problems
    assert (problem.task_id, problem.entry_point) == ("Mbpp/901", "root_of")
    assert problem.check.splitlines()[:3] == ["import math", "root = Node(9)", "assert root_of(root) == 3"]
    assert "\r" not in problem.reference


def test_plus_rows_in_both_forms(tmp_path: Path) -> None:
    plus = BENCHMARKS["humaneval+"]
    (problem,) = load_benchmark(plus, write_rows(tmp_path / "own.jsonl", PLUS_ROW)).problems
    assert problem.inputs == ("([1, 2],)", "([],)", f"([{10**30}],)", "([0.1, 0.2],)")
    assert problem.base_inputs == 1
    test = "import numpy as np\n\ndef check(candidate):\n    assert np.allclose(candidate([1]), 1)\n"
    (problem,) = load_benchmark(plus, write_rows(tmp_path / "hub.jsonl", {**HUMANEVAL_ROW, "test": test})).problems
    assert problem.check == f"{test}\ncheck(total)"
    row = {**MBPP_ROW, "prompt": "Measure.", "test": "assert root_of(Node(4)) == 2"}
    (problem,) = load_benchmark(BENCHMARKS["mbpp+"], write_rows(tmp_path / "mbpp.jsonl", row)).problems
    assert problem.prompt == '"""\nMeasure.\nassert root_of(root) == 3\n"""\n'
    assert problem.check == row["test"]


def test_mbpp_plus_inputs_have_their_types(tmp_path: Path) -> None:
    rows = [
        {**PLUS_ROW, "task_id": "Mbpp/2", "base_input": [[[1, 2], [3]]], "plus_input": {}},
        {**PLUS_ROW, "task_id": "Mbpp/115", "base_input": [[[[1, 2], []]]], "plus_input": []},
        {**PLUS_ROW, "task_id": "Mbpp/252", "base_input": [["1+2j"]], "plus_input": []},
    ]
    problems = load_benchmark(BENCHMARKS["mbpp+"], write_rows(tmp_path / "m.jsonl", *rows)).problems
    assert [problem.inputs for problem in problems] == [("((1, 2), (3,))",), ("([{1, 2}, {}],)",), ("((1+2j),)",)]


def test_a_missing_file_is_named_with_its_source_count_and_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    wanted = r"HumanEval.jsonl\[.gz\] from https://github.com/openai/\S+: 164 problems, sha256 1d49078b"
    for place in (None, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CaseError, match=wanted):
            load_benchmark(BENCHMARKS["humaneval"], place)
    write_rows(tmp_path / "HumanEval.jsonl.gz", HUMANEVAL_ROW)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert len(load_benchmark(BENCHMARKS["humaneval"]).problems) == 1


def test_the_file_of_another_benchmark_is_refused(tmp_path: Path) -> None:
    humaneval, mbpp = write_rows(tmp_path / "h.jsonl", HUMANEVAL_ROW), write_rows(tmp_path / "m.jsonl", MBPP_ROW)
    for name, path in (("mbpp", humaneval), ("humaneval", mbpp), ("humaneval+", humaneval), ("mbpp+", mbpp)):
        with pytest.raises(CaseError, match=r"line 1: not a row of .* it lacks"):
            load_benchmark(BENCHMARKS[name], path)
    with pytest.raises(CaseError, match="more than once"):
        load_benchmark(BENCHMARKS["mbpp"], write_rows(tmp_path / "twice.jsonl", MBPP_ROW, MBPP_ROW))
    with pytest.raises(CaseError, match="no problems"):
        load_benchmark(BENCHMARKS["mbpp"], write_rows(tmp_path / "none.jsonl"))


def test_the_problems_id_does_not_depend_on_the_container(tmp_path: Path) -> None:
    other = {**HUMANEVAL_ROW, "task_id": "HumanEval/901"}
    places = (
        write_rows(tmp_path / "a.jsonl", HUMANEVAL_ROW, other),
        write_rows(tmp_path / "b.jsonl.gz", other, {**HUMANEVAL_ROW, "note": "x"}),
    )
    first, second = (load_benchmark(BENCHMARKS["humaneval"], place) for place in places)
    assert first.problems_id == second.problems_id
    assert first.sha256 != second.sha256


def test_a_draw_is_always_the_same_and_part_of_a_larger_one(tmp_path: Path) -> None:
    rows = [{**HUMANEVAL_ROW, "task_id": f"HumanEval/{n}"} for n in range(20)]
    data = load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", *rows))
    turned = load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "t.jsonl", *reversed(rows)))
    five, nine = ({one.task_id for one in drawn(data, count).problems} for count in (5, 9))
    assert len(five) == 5 < len(nine) == 9
    assert five < nine
    assert {one.task_id for one in drawn(turned, 5).problems} == five
    assert drawn(data, None) == drawn(data, 20) == data
    assert drawn(data, 5).problems_id == drawn(turned, 5).problems_id != data.problems_id
