"""Reading sets: every file that does not fit is named in one line."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.curate.problem_table import UNRATED, read_table, write_kept
from stepsmith.store.dataset import read_problems
from tests.curate.problems import ISLANDS, LONGEST_RUN, WORDS, made, write_set


def changed(folder: Path, change: object) -> Path:
    path = folder / "problems.parquet"
    table = change(pq.read_table(path))  # type: ignore[operator]
    pq.write_table(table, path)
    return folder


def test_columns_and_places(tmp_path: Path) -> None:
    first = write_set(tmp_path / "a", [made(ISLANDS), made(WORDS, chain="c2", features=("x", "y"))])
    bare = made(LONGEST_RUN).__class__(**{**_fields(made(LONGEST_RUN)), "pass_rate": None})
    second = write_set(tmp_path / "b", [bare])
    table = read_table([first, second, first])  # a set named twice is read once
    assert len(table) == 3
    assert table.statement(1) == WORDS[0]
    assert table.code(2) == LONGEST_RUN[1]
    assert table.features[1] == ("x", "y")
    assert table.bands == ["medium", "medium", UNRATED]
    assert table.place(2) == f"{second}/problems.parquet, row 1"


def test_kept_rows_are_the_same_problems(tmp_path: Path) -> None:
    problems = [made(ISLANDS), made(WORDS), made(LONGEST_RUN)]
    table = read_table([write_set(tmp_path / "a", problems[:2]), write_set(tmp_path / "b", problems[2:])])
    assert write_kept(table, [True, False, True], tmp_path / "kept.parquet") == 2
    assert list(read_problems(tmp_path / "kept.parquet")) == [problems[0], problems[2]]
    assert write_kept(table, [False] * 3, tmp_path / "none.parquet") == 0
    assert list(read_problems(tmp_path / "none.parquet")) == []


def test_an_older_file(tmp_path: Path) -> None:
    old = changed(write_set(tmp_path / "a", [made(ISLANDS)]), lambda table: table.drop_columns(["examples"]))
    with pytest.raises(StoreError, match="no column 'examples'"):
        read_table([old])


def test_files_of_two_versions(tmp_path: Path) -> None:
    plain = write_set(tmp_path / "a", [made(ISLANDS)])
    newer = changed(
        write_set(tmp_path / "b", [made(WORDS)]), lambda table: table.append_column("hue", pa.array(["red"]))
    )
    with pytest.raises(StoreError, match=r"different versions of Stepsmith .they differ in hue"):
        read_table([plain, newer])


def test_a_column_of_another_type(tmp_path: Path) -> None:
    folder = changed(
        write_set(tmp_path / "a", [made(ISLANDS)]),
        lambda table: table.set_column(table.schema.get_field_index("statement"), "statement", pa.array([7])),
    )
    with pytest.raises(StoreError, match="'statement' holds int64"):
        read_table([folder])


def test_a_cell_that_is_empty(tmp_path: Path) -> None:
    folder = changed(
        write_set(tmp_path / "a", [made(ISLANDS)]),
        lambda table: table.set_column(
            table.schema.get_field_index("statement"), "statement", pa.array([None], pa.string())
        ),
    )
    with pytest.raises(StoreError, match="'statement' has empty cells"):
        read_table([folder])


@pytest.mark.parametrize("content", [b"", b"PAR1 not really", None])
def test_damaged_files(tmp_path: Path, content: bytes | None) -> None:
    path = write_set(tmp_path / "a", [made(ISLANDS)]) / "problems.parquet"
    whole = path.read_bytes()
    if content is None:
        content = bytearray(whole)
        content[40:400] = b"\xff" * 360  # pages, not the footer
    path.write_bytes(content)
    with pytest.raises(RunFolderError, match="cannot be read as Parquet"):
        write_kept(read_table([tmp_path / "a"]), [True], tmp_path / "kept.parquet")
    assert not (tmp_path / "kept.parquet").exists()


def test_no_problems(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no problems in"):
        read_table([write_set(tmp_path / "a", [])])


def test_an_id_that_stands_for_two_problems(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "a", [made(ISLANDS), made(WORDS)])
    changed(folder, lambda table: table.set_column(0, "id", pa.array(["prob_1", "prob_1"])))
    with pytest.raises(StoreError, match=r"prob_1 stands for two different problems .*row 1 and .*row 2"):
        read_table([folder])


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}  # type: ignore[attr-defined]
