import os
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Chain, Seed
from stepsmith.store.runfolder import MANIFEST, WORK, RunFolder
from tests.records import a_problem

CONFIG = {"synth": {"seed": 1, "chains": 3}}


def a_chain(index: int) -> Chain:
    return Chain(
        id=f"chain_{index}",
        index=index,
        seed=Seed(source="a.py", first_line=1, code="x = 1"),
        turns=(),
        problems=(a_problem(title=str(index)),),
        rejections=(),
        proposed=1,
        judged_programs=2,
        executions=3,
    )


def test_chains_come_back_in_order(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run", CONFIG, resume=False) as run:
        for index in (2, 0, 1):
            run.add(a_chain(index))
    with RunFolder(tmp_path / "run", CONFIG, resume=True) as run:
        assert list(run.missing(3)) == []
        assert list(run.missing(5)) == [3, 4]
        assert list(run.chains()) == [a_chain(0), a_chain(1), a_chain(2)]


def test_what_is_missing_is_known_without_reading_chains(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run", CONFIG, resume=False) as run:
        assert list(run.missing(2)) == [0, 1]
        for index in (1, 4):
            run.add(a_chain(index))
        assert list(run.missing(7)) == [0, 2, 3, 5, 6]


def test_a_chain_is_kept_once(tmp_path: Path) -> None:
    with RunFolder(tmp_path, CONFIG, resume=False) as run:
        run.add(a_chain(0))
        run.add(a_chain(0))
        assert len(list(run.chains())) == 1


def test_unfinished_needs_resume_and_finished_refuses(tmp_path: Path) -> None:
    RunFolder(tmp_path, CONFIG, resume=False).__exit__(None, None, None)
    with pytest.raises(RunFolderError, match="add --resume"):
        RunFolder(tmp_path, CONFIG, resume=False)
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(RunFolderError, match="already holds this run"):
        RunFolder(tmp_path, CONFIG, resume=True)


def test_another_configuration_is_named(tmp_path: Path) -> None:
    RunFolder(tmp_path, CONFIG, resume=False).__exit__(None, None, None)
    with pytest.raises(RunFolderError, match=r"synth\.seed: 1 → 2"):
        RunFolder(tmp_path, {"synth": {"seed": 2, "chains": 3}}, resume=True)


def test_only_what_differs_is_named(tmp_path: Path) -> None:
    RunFolder(tmp_path, {"seed": 1, "stop": ()}, resume=False).__exit__(None, None, None)  # JSON has no tuples
    with pytest.raises(RunFolderError, match=r"configuration \(seed: 1 → 2\)"):
        RunFolder(tmp_path, {"seed": 2, "stop": ()}, resume=True)


def test_foreign_folders_files_and_locks(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunFolderError, match=r"not a run \(notes.txt"):
        RunFolder(tmp_path, CONFIG, resume=False)
    with pytest.raises(RunFolderError, match="is a file"):
        RunFolder(tmp_path / "notes.txt", CONFIG, resume=False)
    with (
        RunFolder(tmp_path / "run", CONFIG, resume=False),
        pytest.raises(RunFolderError, match="in use"),
    ):
        RunFolder(tmp_path / "run", CONFIG, resume=True)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a read-only file system to write to: /proc")
def test_a_read_only_place_is_one_clear_error() -> None:
    with pytest.raises(RunFolderError, match="cannot be written") as caught:
        RunFolder(Path("/proc/stepsmith"), CONFIG, resume=False)
    assert "\n" not in str(caught.value)


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    RunFolder(tmp_path, CONFIG, resume=False).__exit__(None, None, None)
    (tmp_path / WORK).write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(Exception, match="damaged"):
        RunFolder(tmp_path, CONFIG, resume=True)


def test_a_chain_of_another_version_says_so(tmp_path: Path) -> None:
    newer = msgspec.msgpack.encode({**msgspec.to_builtins(a_chain(0)), "of_tomorrow": 1})
    with RunFolder(tmp_path, CONFIG, resume=False) as run:
        run.add(a_chain(0))
        with closing(sqlite3.connect(tmp_path / WORK)) as db, db:
            db.execute("UPDATE chains SET body = ?", (zlib.compress(newer),))
        with pytest.raises(RunFolderError, match="the version of stepsmith that began the run"):
            list(run.chains())


WRITER = """
import sys
from pathlib import Path
from stepsmith.store.runfolder import RunFolder
from tests.store.test_runfolder import CONFIG, a_chain
with RunFolder(Path(sys.argv[1]), CONFIG, resume=False) as run:
    for index in range(10_000):
        run.add(a_chain(index))
        print(index, flush=True)
"""


def test_kill_dash_nine_keeps_every_committed_chain(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as writer:
        assert writer.stdout is not None
        deadline = time.monotonic() + 60
        last = -1
        while last < 20 and time.monotonic() < deadline:
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        assert last >= 20, "the writer was too slow"
        last = max([last, *(int(line) for line in writer.stdout.read().split())])
    with RunFolder(tmp_path, CONFIG, resume=True) as run:
        kept = [chain.index for chain in run.chains()]
    assert kept == list(range(len(kept)))
    assert len(kept) > last
