"""Odd folders: nothing in them, half-written runs, files that change or vanish, other versions, damaged files."""

import shutil
import sqlite3
import time
import zlib
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from stepsmith.core.records import Chain, Seed
from stepsmith.store.dataset import read_problems
from stepsmith.view.browse import DEEPEST
from tests.view.conftest import Served, serving


def list_of(served: Served, query: str = "") -> str:
    status, _, text = served.request(f"/problems{query}")
    assert status == 200
    return text


def test_a_folder_without_problems_says_what_to_do(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert "There are no problems here yet" in list_of(served)
        assert "stepsmith synth" in list_of(served)


def test_a_run_that_has_not_finished_shows_its_finished_chains(run: Path, tmp_path: Path) -> None:
    problems = tuple(read_problems(run / "problems.parquet"))[:3]
    chain = Chain(id="c", index=0, seed=Seed(source="a.py", first_line=1, code="x"), turns=(), problems=problems,
                  rejections=(), proposed=3, judged_programs=1, executions=1)  # fmt: skip
    with sqlite3.connect(tmp_path / "work.sqlite") as database:
        database.execute("CREATE TABLE chains (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        database.execute("INSERT INTO chains VALUES (0, ?)", [zlib.compress(msgspec.msgpack.encode(chain))])
    database.close()
    with serving(tmp_path) as served:
        assert "3 problems" in list_of(served)
        status, _, text = served.request(f"/problems/{problems[1].id}")
        assert status == 200
        assert "Golden program" in text
        (tmp_path / "work.sqlite").unlink()
        status, _, text = served.request(f"/problems/{problems[1].id}")
        assert (status, "work.sqlite cannot be read" in text or "No problem here" in text) in [(400, True), (404, True)]


def test_the_database_of_another_version_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "work.sqlite") as database:
        database.execute("CREATE TABLE chains (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        database.execute("INSERT INTO chains VALUES (0, ?)", [zlib.compress(b"\x01")])
    database.close()
    with serving(tmp_path) as served:
        assert "work.sqlite cannot be read" in list_of(served)


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"PAR1" + b"\0" * 200 + b"PAR1"])
def test_a_damaged_file_is_named_and_the_others_are_shown(run: Path, tmp_path: Path, content: bytes) -> None:
    shutil.copy(run / "problems.parquet", tmp_path)
    (tmp_path / "broken.parquet").write_bytes(content)
    with serving(tmp_path) as served:
        text = list_of(served)
        assert "broken.parquet cannot be read" in text
        assert 'class="pick"' in text


def test_a_file_that_is_damaged_inside_is_named(run: Path, tmp_path: Path) -> None:
    whole = (run / "problems.parquet").read_bytes()
    (tmp_path / "problems.parquet").write_bytes(whole[:4] + b"\xff" * 20_000 + whole[20_004:])
    with serving(tmp_path) as served:
        assert "cannot be read" in list_of(served)


def test_problems_of_another_version_are_listed_and_their_page_says_what_is_missing(run: Path, tmp_path: Path) -> None:
    table = pq.read_table(run / "problems.parquet")
    old = table.drop_columns(["tests", "band", "likely_band", "provenance", "features", "chain_id"])
    pq.write_table(old, tmp_path / "old.parquet")
    with serving(tmp_path) as served:
        assert f"{table.num_rows} problems" in list_of(served)
        status, _, text = served.request(f"/problems/{table['id'][0]}")
        assert status == 400
        assert "there is no column" in text


def test_a_file_that_vanishes_or_changes_while_open_is_said_clearly(run: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    with serving(copy) as served:
        searcher = served.viewing.library.current(5)
        assert searcher is not None
        id = searcher.index.ask("SELECT id FROM problems WHERE reason IS NULL")[0][0]
        served.viewing.library._looked = time.monotonic() + 60  # the next look comes late
        shutil.copy(copy / "rejected.parquet", copy / "problems.parquet")
        status, _, text = served.request(f"/problems/{id}")
        assert (status, "has changed since it was read" in text) == (400, True)
        (copy / "problems.parquet").unlink()
        status, _, text = served.request(f"/problems/{id}")
        assert (status, "is gone" in text) == (400, True)
        list_of(served)


def test_odd_addresses_show_a_list(viewer: Served) -> None:
    for query in (
        "?page=0",
        "?page=999999",
        "?page=x&sort=%00&band=%00&q=%00",
        "?band=none&feature=%27",
        "?at=-1",
        "?q=%ff",
    ):
        list_of(viewer, query)
    assert DEEPEST >= 1000


def test_a_file_may_be_named_alone(run: Path) -> None:
    with serving(run / "rejected.parquet") as served:
        assert "Nothing matches" in list_of(served)
        assert 'class="pick"' in list_of(served, "?state=too-easy")
