"""``stepsmith curate``: one line for every mistake, and a summary."""

from pathlib import Path

import pytest

from stepsmith.store.problem_sets import load_problems
from tests.cli.commands import run_here
from tests.curate.problems import ISLANDS, WORDS, made, write_set


def test_the_summary_and_the_default_folder(tmp_path: Path) -> None:
    problems = [made(ISLANDS, chain="a"), made(WORDS, chain="b"), made(ISLANDS, chain="c")]
    folder = write_set(tmp_path / "run", problems)
    done = run_here("curate", folder)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1] == (
        f"kept 2 of 3 problems, 2 of 3 chains; 1 exact duplicates; in {folder / 'curated'}"
    )
    assert load_problems(folder / "curated") == problems[:2]
    assert load_problems(folder) == problems
    again = run_here("curate", folder)
    assert (again.code, len(again.err.splitlines()[-1:])) == (2, 1)
    assert "already holds this run" in again.err


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    damaged = write_set(tmp_path / "damaged", [made(ISLANDS)])
    (damaged / "problems.parquet").write_bytes(b"PAR1")
    empty = write_set(tmp_path / "empty", [])
    good = write_set(tmp_path / "good", [made(ISLANDS)])
    for words, message in (
        ((tmp_path / "nowhere",), "say with --out"),
        ((tmp_path / "nowhere", "--out", tmp_path / "o"), "there are no problems at"),
        ((damaged,), "cannot be read as Parquet"),
        ((empty,), "there are no problems in"),
        ((good, "--quota", "hard=0.5", "--select", 1), "add up to 0.5"),
        ((good, "--quota", "hard=1"), "quotas need --select"),
        ((good, "--quota", "heavy=1", "--select", 1), "write BAND=SHARE"),
        ((good, "--quota", "hard=1", "--match", good), "not both"),
        ((good, "--against", tmp_path / "none.jsonl"), "cannot read"),
    ):
        done = run_here("curate", *words)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert message in done.err
    assert not (tmp_path / "o").exists()
    assert not (damaged / "curated").exists()
    assert not (good / "curated").exists()


def test_an_interruption_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_set(tmp_path / "run", [made(ISLANDS)])

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("stepsmith.curate.curation.write_kept", interrupted)
        stopped = run_here("curate", folder)
    assert stopped.code == 130
    assert "with --resume continues" in stopped.err
    assert run_here("curate", folder).code == 2
    assert run_here("curate", folder, "--resume").code == 0
    assert len(load_problems(folder / "curated")) == 1
