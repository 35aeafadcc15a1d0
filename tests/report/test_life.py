from pathlib import Path

import pytest

from stepsmith.core.errors import CaseError, RunFolderError
from stepsmith.core.stats import pass_rate
from stepsmith.report.life import life_of
from stepsmith.store.dataset import read_problems
from stepsmith.store.ratings import RATINGS, StudentRating, write_ratings
from tests.report.runs import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"), chains=3, turns=2)


def test_what_is_not_there_is_left_out(run: Path, tmp_path: Path) -> None:
    """A run whose work file is gone still tells what its data set holds."""
    problem = next(read_problems(run / "problems.parquet"))
    rating = StudentRating(problem_id=problem.id, student="other", rate=pass_rate(1, 8), verdicts={"AC": 1, "WA": 7})
    write_ratings(tmp_path / RATINGS, [rating])
    (tmp_path / "rows.jsonl").write_text("")
    life = life_of(problem.id, [run, tmp_path])
    assert (life.problem, life.chain, life.rejected) == (problem, None, None)
    assert life.manifest is not None
    assert [row["student"] for row in life.ratings] == ["other"]


def test_files_of_exports_that_name_the_problem_are_found(run: Path, tmp_path: Path) -> None:
    problem = next(read_problems(run / "problems.parquet"))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rows.jsonl").write_text(f'{{"id": "{problem.id}"}}\n')
    (tmp_path / "others.jsonl").write_text('{"id": "prob_0"}\n')
    life = life_of(problem.id[:12], [run, tmp_path])
    assert life.exports == (str(tmp_path / "deep" / "rows.jsonl"),)


def test_a_place_or_a_problem_that_is_not_there(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="does not exist"):
        life_of("prob_1", [tmp_path / "nothing"])
    with pytest.raises(CaseError, match="no problem"):
        life_of("prob_1234567", [tmp_path])
    with pytest.raises(CaseError, match="at least 6 characters"):
        life_of("prob_", [run])
