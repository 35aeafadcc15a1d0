"""Specimens from what ``verify`` reads: the rows go along as they are, the right program is confirmed."""

import json
from pathlib import Path

import pytest

from stepsmith.audit.rewards.problems import choose_specimens
from stepsmith.audit.rewards.specimens import built_in, confirmed
from stepsmith.core.errors import CaseError
from stepsmith.judge.local import LocalJudge
from stepsmith.scoring.tests import SplitSettings
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.train.verl.rows import ROW_SCHEMA, verl_row
from tests.records import a_problem

ROW = {
    "problem_id": "add",
    "interface": "stdio",
    "inputs": ["1 2\n", "30 4\n"],
    "outputs": ["3\n", "34\n"],
    "mine": {"level": 3},
    "time_limit_s": 1.5,
}
RIGHT = {"language": "python", "code": "print(sum(map(int, input().split())))\n", "verdict": "AC"}


def test_our_own_problems_are_right(judge: LocalJudge) -> None:
    assert [one.name for one in confirmed(built_in(), judge)] == ["audit/stdio", "audit/function"]


def test_the_columns_of_the_file_go_along(judge: LocalJudge, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({**ROW, "candidates": [RIGHT]}) + "\n")
    (one,), left_out = choose_specimens([tmp_path / "rows.jsonl"], "auto", judge)
    assert (one.name, one.right, one.row["mine"], one.stated_time_s) == ("add", RIGHT["code"], {"level": 3}, 1.5)
    assert left_out == ()


@pytest.mark.parametrize("candidates", [[], [{**RIGHT, "code": "print(3)\n"}]])
def test_a_problem_without_a_right_program_is_named(judge: LocalJudge, tmp_path: Path, candidates: list) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({**ROW, "candidates": candidates}) + "\n")
    with pytest.raises(CaseError, match=r"add: (no right program|its right program fails)"):
        choose_specimens([tmp_path / "rows.jsonl"], "auto", judge)


def test_rows_for_verl_get_their_right_program_from_the_data_set(judge: LocalJudge, tmp_path: Path) -> None:
    problem = a_problem()
    write_rows(tmp_path / "train.parquet", ROW_SCHEMA, [verl_row(problem, 0, "train", "full", SplitSettings())])
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(problem)])
    (one,), _ = choose_specimens([tmp_path / "train.parquet", tmp_path / "problems.parquet"], "auto", judge)
    assert one.right == problem.golden.code
    assert json.loads(one.row["reward_model"]["ground_truth"])["case"]["id"] == problem.id
