from pathlib import Path

import pytest

from stepsmith.core.errors import SandboxError
from stepsmith.core.leftovers import owner
from stepsmith.sandbox import cgroups, landlock, levels, linux, native, self_attack
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker


def test_the_survey_names_every_level_and_every_reason() -> None:
    reports = levels.survey()
    assert [report.level for report in reports] == ["L3", "L2", "L1", "L0"]
    assert reports[-1].available  # resource limits are everywhere
    assert all(report.available or report.reason for report in reports)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", None),
        ('lambda: os.open(str(TARGETS["file"]), os.O_RDONLY)', "lambda: None", "could read a file"),
        ('print(f"{name}: held")', "sys.exit()", "did not finish"),
    ],
)
def test_a_level_that_does_not_hold_is_not_claimed(
    monkeypatch: pytest.MonkeyPatch, best: int, tmp_path: Path, old: str, new: str, complaint: str | None
) -> None:
    """Every attack counts: one that succeeds, and one that is not made."""
    source = Path(self_attack.__file__).read_text()
    assert old in source
    path = tmp_path / "attack.py"
    path.write_text(source.replace(old, new) if old else source)
    monkeypatch.setattr(self_attack, "__file__", str(path))
    if complaint is None:
        levels.start(best, Setup()).close()
    else:
        with pytest.raises(levels.NotProvedError, match=complaint):
            levels.start(best, Setup())


@pytest.mark.parametrize("victim", ["server", "program"])
def test_a_kill_while_a_level_is_proved_does_not_lower_it(
    monkeypatch: pytest.MonkeyPatch, best: int, victim: str, tmp_path: Path
) -> None:
    attack, killed = levels._attack, []

    def disturbed(worker: Worker) -> None:
        if len(killed) < 2:
            killed.append(worker.server.pid)
            if victim == "server":
                worker.kill()
            else:
                monkeypatch.setattr(self_attack, "__file__", str(tmp_path / "attack.py"))
                (tmp_path / "attack.py").write_text("import os; os.kill(os.getpid(), 9)")
        else:
            monkeypatch.setattr(self_attack, "__file__", source)
        attack(worker)

    source = self_attack.__file__
    monkeypatch.setattr(levels, "_attack", disturbed)
    with levels.start(best, Setup()) as worker:
        assert worker.server.level == best
    assert len(killed) == 2


def test_a_fork_server_that_kept_something_is_seen_from_outside(best: int) -> None:
    """An L0 worker that claims more is found out."""
    worker = levels.start(0, Setup())
    try:
        worker.server.level = best
        with pytest.raises(levels.NotProvedError):
            levels._inspect(worker.server)
        with pytest.raises(levels.NotProvedError, match="a program in the sandbox could"):
            levels._attack(worker)
    finally:
        worker.server.level = 0
        worker.close()


def test_machines_without_the_means_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    with pytest.raises(SandboxError, match="Landlock"):
        levels.start(1, Setup())
    monkeypatch.setattr(linux, "SUPPORTED", False)
    with pytest.raises(SandboxError, match="x86-64"):
        levels.start(1, Setup())


@pytest.mark.parametrize(("version", "bits"), [(1, 13), (2, 14), (3, 15), (4, 15), (5, 16), (6, 16), (9, 16)])
def test_rights_of_every_landlock_version(version: int, bits: int) -> None:
    assert landlock.all_rights(version) == (1 << bits) - 1


def group_tree(root: Path, controllers: str) -> Path:
    own = root / "slice" / "own"
    own.mkdir(parents=True)
    for folder in (root, root / "slice", own):
        (folder / "cgroup.subtree_control").write_text("")
    (root / "slice" / "cgroup.subtree_control").write_text(controllers)
    return own


def test_version_2_groups_are_made_where_controllers_are_delegated(tmp_path: Path) -> None:
    own = group_tree(tmp_path, "cpu memory pids")
    # A file, unlike the kernel, takes what is written to it; so our own group is closed here.
    (own / "cgroup.subtree_control").unlink()
    assert cgroups._delegated(tmp_path, own) == {"memory": own.parent, "pids": own.parent}


def test_version_2_without_delegation_says_so(tmp_path: Path) -> None:
    own = group_tree(tmp_path, "cpu")
    for folder in (own, own.parent):
        (folder / "cgroup.subtree_control").unlink()
    with pytest.raises(cgroups.NoControlGroupError, match="not delegated"):
        cgroups._delegated(tmp_path, own)


def test_groups_of_judges_that_died_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, alive, other = (
        tmp_path / name for name in (f"stepsmith-{owner(999999999)}-aa", f"stepsmith-{owner()}-bb", "x-1-a")
    )
    for folder in (dead, alive, other):
        folder.mkdir()
    monkeypatch.setattr(cgroups, "_parents", lambda: ({"memory": tmp_path, "pids": tmp_path}, 2))
    cgroups.ControlGroup(1)
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()


def test_working_folders_of_judges_that_died_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, other = tmp_path / f"stepsmith-box-{owner(999999999)}-aa", tmp_path / f"stepsmith-box-{owner()}-bb"
    for folder in (dead, other):
        (folder / "run").mkdir(parents=True)
    levels.start(0, Setup()).close()
    assert [path.name for path in tmp_path.iterdir()] == [other.name]


def test_a_library_that_others_could_change_is_not_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "libraries"
    folder.mkdir(mode=0o700)
    native.library.cache_clear()
    path = native.library(folder)
    if not path:
        pytest.skip("no C compiler")
    assert Path(path).exists()
    folder.chmod(0o777)
    native.library.cache_clear()
    assert native.library(folder) == ""
    folder.chmod(0o700)
    Path(path).chmod(0o666)
    native.library.cache_clear()
    assert native.library(folder) == ""


def test_without_a_compiler_there_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    native.library.cache_clear()
    assert native.library(tmp_path) == ""
    native.library.cache_clear()
