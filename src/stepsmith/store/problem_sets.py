"""Find problems on disk: in the folder of a run, in a Parquet file, or in a folder of Parquet files."""

from pathlib import Path

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Problem
from stepsmith.store.dataset import read_problems
from stepsmith.store.runfolder import PROBLEMS, REJECTED


def load_problems(place: str | Path) -> list[Problem]:
    """Return the problems of a run's folder, of a Parquet file, or of all Parquet files of a folder, in their order.

    Raises ``RunFolderError`` if there are none, and ``StoreError`` for files that hold something else.

    >>> problems = st.load_problems("runs/first")
    >>> problems[0].environment in ("induction", "abduction", "deduction", "fuzzing")
    True
    """
    return [problem for path in problem_files(Path(place)) for problem in read_problems(path)]


def problem_files(place: Path) -> list[Path]:
    """Return the Parquet files of problems at a place. Raises ``RunFolderError`` if there are none."""
    if place.is_file():
        return [place]
    if (place / PROBLEMS).is_file():
        return [place / PROBLEMS]
    if place.is_dir() and (files := sorted(set(place.glob("*.parquet")) - {place / REJECTED})):
        return files
    raise RunFolderError(
        f"there are no problems at {place}; give the folder of a finished `stepsmith synth`, or a Parquet file of "
        "problems"
    )
