"""The forms of rows: what is in them, and that our own readers make the same problems of them."""

import json
from pathlib import Path

import pyarrow.parquet as pq

import stepsmith as st
from stepsmith.exports import hf, livecodebench
from stepsmith.exports.jsonl import write_lines
from stepsmith.exports.verl import MOST_TESTS, own_scorer_row
from stepsmith.judge.local import LocalJudge
from stepsmith.store.dataset import row_problem
from stepsmith.verify.formats.problems import VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource, read_problems
from tests.envs.test_environments import PROBLEMS
from tests.exports.exported import exported, lines, one_of_each


def by_id(problems: list) -> dict:
    return {problem.id: problem for problem in problems}


def test_the_data_set_and_the_lines_lose_nothing(tmp_path: Path) -> None:
    exported("hf", tmp_path / "hf")
    exported("jsonl", tmp_path / "jsonl")
    assert by_id(st.load_problems(tmp_path / "hf" / "data")) == by_id(one_of_each())
    rows = [row for half in ("train", "test") for row in lines(tmp_path / "jsonl" / f"{half}.jsonl")]
    assert by_id([row_problem(row) for row in rows]) == by_id(one_of_each())
    assert all(row["prompt"] == st.render_prompt(row_problem(row)) for row in rows)
    assert pq.read_schema(tmp_path / "hf" / "data" / "train.parquet").equals(hf.SCHEMA)


def test_trl_gets_prompts_answers_and_the_problems_of_its_reward(tmp_path: Path, judge: LocalJudge) -> None:
    exported("trl", tmp_path / "set")
    problems = by_id(st.load_problems(tmp_path / "set"))
    assert problems == by_id(one_of_each())
    rows, pairs = (
        [row for half in ("train", "test") for row in lines(tmp_path / "set" / kind / f"{half}.jsonl")]
        for kind in ("rl", "sft")
    )
    assert {row["problem_id"] for row in rows} == set(problems)
    with st.reward_function(problems.values(), hold_back=0, judge=judge) as reward:
        texts = [pair["completion"][0]["content"] for pair in pairs]
        assert reward(completions=texts, problem_id=[pair["problem_id"] for pair in pairs]) == [1.0] * len(problems)


def test_verls_own_scorer_gets_plain_problems_with_few_tests(tmp_path: Path) -> None:
    exported("verl", tmp_path / "set")
    ours, theirs = (
        [
            row
            for half in ("train", "test")
            for row in pq.read_table(tmp_path / "set" / sub / f"{half}.parquet").to_pylist()
        ]
        for sub in ("", "codecontests")
    )
    assert len(ours) == len(one_of_each())
    assert len(theirs) == 4  # two functions, two programs
    for row in theirs:
        truth = json.loads(row["reward_model"]["ground_truth"])
        assert row["data_source"] == "codecontests"
        assert 0 < len(truth["inputs"]) == len(truth["outputs"]) <= MOST_TESTS
        assert truth.get("fn_name") in (None, "f", "even_sum")


def test_verl_prints_what_a_function_returns() -> None:
    from stepsmith.core.records import TestCase
    from stepsmith.exports import ExportSettings
    from tests.records import a_problem

    for output, printed in (("'a b'", "a b"), ("[True, None]", "[true, null]"), ("7", "7"), ("['ü']", '["\\u00fc"]')):
        problem = a_problem(tests=(TestCase(input="([],)", output=output),), examples=())
        row = own_scorer_row(problem, 0, "train", ExportSettings())
        assert json.loads(row["reward_model"]["ground_truth"])["outputs"] == [printed]


def test_livecodebench_rows_have_its_fields_and_read_back(tmp_path: Path) -> None:
    rows = [livecodebench.row(PROBLEMS[name]) for name in ("stdio", "induction")]
    assert list(rows[0]) == [
        "question_title", "question_content", "platform", "question_id", "contest_id", "contest_date", "starter_code",
        "difficulty", "public_test_cases", "private_test_cases", "metadata",
    ]  # fmt: skip
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert [json.loads(row["metadata"]) for row in rows] == [{}, {"func_name": "f"}]
    write_lines(tmp_path / "rows.jsonl", rows)
    for name, read in zip(("stdio", "induction"), read_problems(ProblemSource(tmp_path / "rows.jsonl")), strict=True):
        assert isinstance(read, VerifyProblem), read
        problem = PROBLEMS[name]
        assert read.entry_point == problem.contract.entry_point
        assert sorted(read.outputs or ()) == sorted(test.output for test in problem.tests)
