"""Decisions about findings: the last one holds, and nothing but their own file is written."""

from pathlib import Path

import pytest

from stepsmith.core.errors import StoreError
from stepsmith.view.decisions import DECISIONS, MOST_NOTE, decide, read_decisions


def test_the_last_decision_holds_and_the_others_are_kept(tmp_path: Path) -> None:
    assert read_decisions(tmp_path) == {}
    decide(tmp_path, "F-1", "accepted", " true ")
    decide(tmp_path, "F-2", "dismissed")
    decide(tmp_path, "F-1", "open", "x" * (MOST_NOTE + 1))
    found = read_decisions(tmp_path)
    assert {one.finding: one.state for one in found.values()} == {"F-1": "open", "F-2": "dismissed"}
    assert len(found["F-1"].note) == MOST_NOTE
    assert len((tmp_path / DECISIONS).read_text().splitlines()) == 3
    assert [path.name for path in tmp_path.iterdir()] == [DECISIONS]


def test_a_line_that_was_torn_is_cut_off(tmp_path: Path) -> None:
    decide(tmp_path, "F-1", "accepted")
    with (tmp_path / DECISIONS).open("a") as file:
        file.write('{"finding":"F-2"')
    decide(tmp_path, "F-3", "dismissed")
    assert set(read_decisions(tmp_path)) == {"F-1", "F-3"}


def test_a_damaged_file_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / DECISIONS).write_text("{}\n")
    with pytest.raises(StoreError, match="line 1"):
        decide(tmp_path, "F-1", "accepted")
    assert (tmp_path / DECISIONS).read_text() == "{}\n"
