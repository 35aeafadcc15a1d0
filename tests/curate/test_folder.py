"""The output folder keeps what was computed."""

from pathlib import Path

from stepsmith.curate.folder import CurationFolder


def test_results_are_kept_over_an_interruption(tmp_path: Path) -> None:
    with CurationFolder(tmp_path / "out", {"a": 1}, resume=True) as folder:
        assert folder.recall("key", list[int]) is None
        folder.keep("key", [1, 2])
    with CurationFolder(tmp_path / "out", {"a": 1}, resume=True) as folder:
        assert folder.recall("key", list[int]) == [1, 2]
