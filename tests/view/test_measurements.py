"""What can be compared, and its rows."""

from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import PassRate
from stepsmith.core.stats import pass_rate
from stepsmith.store.dataset import read_problems
from stepsmith.store.ratings import RATINGS, StudentRating, write_ratings
from stepsmith.view.measurements import measurements, rates_of
from tests.report.runs import make_run
from tests.view.conftest import serving


def rate(folder: Path, student: str, ids: list[str], passes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rated: PassRate = pass_rate(passes, 32)
    write_ratings(
        folder / RATINGS, [StudentRating(problem_id=id, student=student, rate=rated, verdicts={}) for id in ids]
    )


def test_data_sets_and_students_are_found_and_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "all" / "run")
    ids = [problem.id for problem in read_problems(run / "problems.parquet")]
    rate(tmp_path / "all" / "ratings", "student one", ids[:3], 8)
    (tmp_path / "all" / "odd").mkdir()
    (tmp_path / "all" / "odd" / RATINGS).write_text("no Parquet")
    with serving(tmp_path / "all") as served:
        found = {one.name: one for one in measurements(served.viewing)}
        assert set(found) == {"all/run", "all/ratings: student one"}
        problems, ratings = rates_of(found["all/run"]), rates_of(found["all/ratings: student one"])
        assert problems["id"].to_pylist() == ids
        assert set(problems["environment"].to_pylist()) > {"induction"}
        assert ratings.to_pylist()[0] | {"band": ""} == {
            "id": ids[0], "title": None, "environment": None, "band": "", "attempts": 32, "passes": 8,
        }  # fmt: skip
        (tmp_path / "all" / "ratings" / RATINGS).unlink()
        with pytest.raises(RunFolderError, match="gone"):
            rates_of(found["all/ratings: student one"])
