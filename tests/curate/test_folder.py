"""The output folder keeps what was computed."""

from pathlib import Path

from stepsmith.curate.folder import CurationFolder


def test_results_are_computed_once(tmp_path: Path) -> None:
    calls = []

    def compute() -> list[int]:
        calls.append(1)
        return [1, 2]

    for _ in range(2):
        with CurationFolder(tmp_path / "out", {"a": 1}, resume=True) as folder:
            assert folder.remember("key", list[int], compute) == [1, 2]
    assert len(calls) == 1
