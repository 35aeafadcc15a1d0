"""The state of a run, from its folder: running, stopped and finished, also after ``kill -9``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.store.folder_lock import FolderLock
from stepsmith.store.progress import PROGRESS, ProcessId, Progress, ProgressFile, this_process
from stepsmith.store.runfolder import MANIFEST
from stepsmith.store.status import read_status


def write(where: Path, **changes: object) -> None:
    now = time.time()
    progress = Progress(
        kind="synthesis", unit="chains", done=30, of=90, done_before=10, process=this_process(),
        command=("synth", "--out", "a b", "--resume"), folder=str(Path.cwd()), started=now - 10, updated=now,
    )  # fmt: skip
    (where / PROGRESS).write_bytes(msgspec.json.encode(msgspec.structs.replace(progress, **changes)))


def test_a_run_that_lives_has_a_speed_and_a_time_left(tmp_path: Path) -> None:
    write(tmp_path)
    found = read_status(tmp_path)
    assert (found.state, found.resume) == ("running", "")
    assert found.per_s == pytest.approx(2.0, rel=0.05), "20 chains in 10 s: those of before the resumption do not count"
    assert found.left_s == pytest.approx(30.0, rel=0.05)


def test_a_run_that_was_killed_says_how_to_go_on(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from stepsmith.store.progress import ProgressFile\n"
        "progress = ProgressFile(Path(sys.argv[1]), 'synthesis', 'chains', 90); progress.advance(); print(flush=True)\n"
        "time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout as out:
        out.readline()
        assert read_status(tmp_path).state == "running"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    found = read_status(tmp_path)
    assert (found.state, found.left_s) == ("stopped", None)
    assert found.resume.startswith("call the same function"), "no command started it"


def test_the_command_that_continues_says_where(tmp_path: Path) -> None:
    gone = ProcessId(host=this_process().host, pid=os.getpid(), start_ticks=1)  # the same number, another process
    write(tmp_path, process=gone)
    assert read_status(tmp_path).resume == "stepsmith synth --out 'a b' --resume"
    write(tmp_path, process=gone, folder="/else where")
    assert read_status(tmp_path).resume == "cd '/else where' && stepsmith synth --out 'a b' --resume"
    for words in (
        ("audit", "rows.jsonl"),
        ("eval", "score", "--out", "b"),
        ("verify", "a"),
        ("judge", "run", "a"),
    ):  # they have no --resume
        write(tmp_path, process=gone, command=words)
        assert read_status(tmp_path).resume == "stepsmith " + " ".join(words)
    write(tmp_path, process=gone, command=("eval", "run", "--out", "b"))
    assert read_status(tmp_path).resume == "stepsmith eval run --out b --resume"


def test_a_finished_run_is_not_continued(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / MANIFEST).touch()
    found = read_status(tmp_path)
    assert (found.state, found.resume, found.left_s) == ("finished", "", None)


def test_on_another_host_the_lock_says_whether_a_run_lives(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path, {}, started="started", finished=MANIFEST, resume=False)
    write(tmp_path, process=ProcessId(host="elsewhere", pid=1, start_ticks=1))
    assert read_status(tmp_path).state == "running"
    lock.close()
    assert read_status(tmp_path).state == "stopped"


def test_on_another_host_without_a_lock_only_what_is_new_says_it(tmp_path: Path) -> None:
    elsewhere = ProcessId(host="elsewhere", pid=1, start_ticks=1)
    write(tmp_path, process=elsewhere)
    assert read_status(tmp_path).state == "running"
    write(tmp_path, process=elsewhere, updated=time.time() - 100)
    assert read_status(tmp_path).state == "stopped"


def test_a_second_run_into_a_folder_is_not_the_first(tmp_path: Path) -> None:
    (tmp_path / "evaluation.json").touch()
    os.utime(tmp_path / "evaluation.json", (1, 1))
    write(tmp_path, kind="evaluation")
    assert read_status(tmp_path).state == "running"


def test_a_run_with_an_output_file_has_its_progress_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "reports.jsonl"
    with ProgressFile(out, "verification", "problems", None) as progress:
        assert read_status(out).state == "running", "the file does not exist yet"
        out.touch()
        progress.advance()
        assert read_status(tmp_path).folder == str(out)
        progress.update(of=1)
    assert read_status(out).state == "finished"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reports.jsonl", "reports.jsonl.progress.json"]
    ProgressFile(tmp_path / "other.jsonl", "judging", "cases", 3)
    with pytest.raises(RunFolderError, match=r"several runs; give one of .*other.jsonl, .*reports.jsonl"):
        read_status(tmp_path)
    ProgressFile(Path("/dev/null"), "judging", "cases", 3)


def test_folders_of_older_versions(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no run"):
        read_status(tmp_path)
    lock = FolderLock(tmp_path, {}, started="started", finished=MANIFEST, resume=False)
    assert read_status(tmp_path).state == "running"
    lock.close()
    assert read_status(tmp_path).state == "stopped"
    (tmp_path / MANIFEST).touch()
    assert read_status(tmp_path).state == "finished"


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="does not exist"):
        read_status(tmp_path / "none")
    (tmp_path / PROGRESS).write_text("{")
    with pytest.raises(RunFolderError, match="cannot be read"):
        read_status(tmp_path)


def test_reading_changes_nothing_and_does_not_hold_the_lock(tmp_path: Path) -> None:
    with ProgressFile(tmp_path, "synthesis", "chains", 3):
        before = sorted(path.name for path in tmp_path.iterdir())
        read_status(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == before == [PROGRESS]
