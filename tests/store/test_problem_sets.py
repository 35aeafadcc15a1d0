"""Where problems are found: a run, a file, a folder of files; and what is said where there are none."""

from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.problem_sets import load_problems, problem_files
from tests.records import a_problem


def write(path: Path, *titles: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, PROBLEM_SCHEMA, [problem_row(a_problem(title=title)) for title in titles])


def titles(place: Path) -> list[str]:
    return [problem.title for problem in load_problems(place)]


def test_a_run_a_file_and_a_folder_of_files(tmp_path: Path) -> None:
    run, shards = tmp_path / "run", tmp_path / "shards"
    write(run / "problems.parquet", "one", "two")
    write(run / "rejected.parquet", "never")
    write(shards / "b.parquet", "four")
    write(shards / "a.parquet", "three")
    write(shards / "rejected.parquet", "never")
    assert titles(run) == titles(run / "problems.parquet") == ["one", "two"]
    assert titles(shards) == ["three", "four"]
    assert problem_files(shards) == [shards / "a.parquet", shards / "b.parquet"]


def test_where_there_is_nothing_it_says_what_to_give(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunFolderError, match=r"there are no problems at .*; give the folder of a finished"):
            load_problems(place)
    (tmp_path / "text.parquet").write_text("no Parquet")
    with pytest.raises(RunFolderError, match="cannot be read as Parquet"):
        load_problems(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"question": ["What?"]}), tmp_path / "other.parquet")
    with pytest.raises(StoreError, match=r"this is not a row of problems\.parquet: there is no column"):
        load_problems(tmp_path)
