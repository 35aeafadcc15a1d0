import errno
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.records import Checker, Contract, Limits, Rejection
from stepsmith.store import dataset
from stepsmith.store.dataset import (
    PROBLEM_SCHEMA,
    REJECTION_SCHEMA,
    problem_row,
    read_problems,
    read_rows,
    rejection_row,
    row_problem,
    write_rows,
)
from tests.records import a_problem

PROBLEMS = [
    a_problem(),
    a_problem(pass_rate=None, title="é \x00 \U0001f600", wrong=(), features=()),
    a_problem(
        contract=Contract(
            interface="stdio",
            limits=Limits(time_s=1.5, wall_s=9.0, memory_mb=64, output_mb=1.0),
            checker=Checker(name="custom-kattis", flags=("a", "b"), files=(("check.py", "print()"),)),
        )
    ),
]


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_lose_nothing(problem: object) -> None:
    assert row_problem(problem_row(problem)) == problem  # type: ignore[arg-type]


def test_parquet_round_trip_and_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    assert write_rows(first, PROBLEM_SCHEMA, map(problem_row, PROBLEMS)) == 3
    write_rows(second, PROBLEM_SCHEMA, map(problem_row, PROBLEMS))
    assert list(read_problems(first)) == PROBLEMS
    assert first.read_bytes() == second.read_bytes()


def test_many_rows_come_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    count = dataset.ROWS_PER_GROUP * 2 + 1
    assert write_rows(path, PROBLEM_SCHEMA, (problem_row(a_problem(title=str(i))) for i in range(count))) == count
    assert pq.ParquetFile(path).num_row_groups == 3
    assert [row["title"] for row in read_rows(path)] == [str(i) for i in range(count)]


def test_an_empty_data_set_is_a_data_set(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    assert write_rows(path, REJECTION_SCHEMA, []) == 0
    assert list(read_rows(path)) == []


def test_hugging_face_datasets_loads_it(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    write_rows(path, PROBLEM_SCHEMA, map(problem_row, PROBLEMS))
    loaded = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == 3
    assert loaded[0]["tests"][1] == {
        "input": "([4],)",
        "output": "4",
        "kind": "nominal",
        "weight": 1.0,
        "confidence": 1.0,
    }


def test_rejections_carry_reason_and_problem(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    rejection = Rejection(reason="too-easy", detail="32 of 32", problem=PROBLEMS[0])
    write_rows(path, REJECTION_SCHEMA, [rejection_row(rejection)])
    (row,) = read_rows(path)
    assert (row.pop("reason"), row.pop("detail")) == ("too-easy", "32 of 32")
    assert row_problem(row) == PROBLEMS[0]


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="does not exist"):
        list(read_rows(tmp_path / "none.parquet"))
    (tmp_path / "x.parquet").write_text("no parquet")
    with pytest.raises(RunFolderError, match="cannot be read as Parquet"):
        list(read_rows(tmp_path / "x.parquet"))
    with pytest.raises(StoreError, match="not a row"):
        row_problem({"id": "x"})


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(pq.ParquetWriter):
        def write_table(self, *args: object, **kwargs: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "ParquetWriter", Full)
    with pytest.raises(StoreError, match="No space left"):
        write_rows(tmp_path / "p.parquet", PROBLEM_SCHEMA, map(problem_row, PROBLEMS))
    assert list(tmp_path.iterdir()) == []
