"""Rows in all containers, and files that are not what they should be."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stepsmith.benchmarks.rows import content_hash, placed_rows
from stepsmith.core.errors import CaseError
from tests.benchmark_files import write_rows

ROWS = [{"task_id": "a/1", "n": 1}, {"task_id": "a/2", "n": 2}]


def test_every_container_gives_the_same_rows(tmp_path: Path) -> None:
    array = tmp_path / "array.json"
    array.write_text(json.dumps(ROWS))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "table.parquet")
    lines, packed = write_rows(tmp_path / "l.jsonl", *ROWS), write_rows(tmp_path / "l.jsonl.gz", *ROWS)
    for path in (lines, packed, array, tmp_path / "table.parquet"):
        assert [placed.row for placed in placed_rows(path)] == ROWS, path
    assert content_hash(lines) == content_hash(packed) != content_hash(array)


def test_numbers_that_json_alone_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"x": Infinity, "y": ' + "9" * 5000 + "}\n")
    (row,) = (placed.row for placed in placed_rows(path))
    assert row["x"] == float("inf")
    assert repr(row["y"]) == "9" * 5000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8bbroken", "cannot read"),
        (gzip.compress(b'{"a": 1}\n' * 100, mtime=0)[:-9], "ends too early"),
        (b"[1, 2]", "item 1: not a JSON object"),
        (b'{"a": 1}\n\n{"a": \n', "line 3: not JSON"),
    ],
    ids=["no-gzip", "cut-gzip", "no-objects", "cut-line"],  # the bytes of gzip hold the time
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(content)
    with pytest.raises(CaseError, match=said):
        list(placed_rows(path))
    with pytest.raises(CaseError, match="cannot read"):
        list(placed_rows(tmp_path / "missing.jsonl"))
