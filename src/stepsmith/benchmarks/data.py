"""Finding and reading a benchmark's file. Nothing is ever downloaded."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stepsmith.benchmarks.benchmark import Benchmark, DataFile
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rows import content_hash, placed_rows, plain_bytes
from stepsmith.core.errors import CaseError
from stepsmith.core.ids import content_id

DATA_VARIABLE = "STEPSMITH_DATA"


class BenchmarkData(NamedTuple):
    """The problems of one file, and what file it was."""

    benchmark: Benchmark
    problems: tuple[BenchmarkProblem, ...]
    path: Path
    sha256: str  # of the content, unpacked
    release: str  # "unknown" if the file's hash is not that of a known release
    problems_id: str  # over what the problems ask and test: the same for the same problems in another file format
    outside: frozenset[str] = frozenset()  # tasks of the file that lie outside the window


def load_benchmark(benchmark: Benchmark, place: Path | None = None) -> BenchmarkData:
    """Read a benchmark from a file, or from a data folder that holds it.

    ``place`` None: the folder that the environment variable STEPSMITH_DATA names. Raises ``CaseError`` for a file that
    is missing (the message says which, from where, and its hash and count), is empty, belongs to another benchmark, or
    has the same task twice.
    """
    path, *others = find_files(benchmark, place)
    problems = tuple(benchmark.read(row for file in (path, *others) for row in placed_rows(file)))
    if not problems:
        raise CaseError(f"{path} has no problems; {_wanted(benchmark.files)}")
    twice = [task for task, count in Counter(problem.task_id for problem in problems).items() if count > 1]
    if twice:
        raise CaseError(f"{path} has the task {twice[0]} more than once; {_wanted(benchmark.files)}")
    sha256 = content_hash(path)
    outside: frozenset[str] = getattr(benchmark, "outside", frozenset())
    if others:
        sha256 = hashlib.sha256("".join([sha256, *map(content_hash, others)]).encode()).hexdigest()
        release = str(getattr(benchmark, "release", ""))  # known by the number of problems
        return BenchmarkData(benchmark, problems, path.parent, sha256, release, problems_id(problems), outside)
    release = _release(benchmark.files, path, sha256)
    return BenchmarkData(benchmark, problems, path, sha256, release, problems_id(problems), outside)


def find_files(benchmark: Benchmark, place: Path | None = None) -> list[Path]:
    """Return the files of a benchmark: ``place`` itself, or the first of its files in that folder.

    A benchmark whose ``together`` is true (a release of LiveCodeBench) needs all of its files, from a folder.
    """
    if place is None:
        named = os.environ.get(DATA_VARIABLE)
        if not named:
            raise CaseError(
                f"no data for {benchmark.title}: give --data FILE or FOLDER, or set {DATA_VARIABLE} to the folder; "
                + _wanted(benchmark.files)
            )
        place = Path(named)
    if place.is_file() or _is_data_set(place):
        return [place]
    if not place.exists():
        raise CaseError(f"{place} does not exist; {_wanted(benchmark.files)}")
    found = [path for file in benchmark.files if (path := _present(place, file)) is not None]
    if not getattr(benchmark, "together", False):
        found = found[:1]
    elif found and len(found) < len(benchmark.files):
        missing = [file for file in benchmark.files if _present(place, file) is None]
        raise CaseError(f"{place}: {benchmark.title} needs more files; {_wanted(missing)}")
    if not found:
        raise CaseError(f"{place} has no file of {benchmark.title}; {_wanted(benchmark.files)}")
    return found


def _present(place: Path, file: DataFile) -> Path | None:
    stem = file.name.rpartition(".")[0]
    names = (file.name, f"{file.name}.gz", f"{stem}.parquet", f"{stem}.json", f"{stem}.json.gz")
    return next((place / name for name in names if (place / name).is_file()), None)


def problems_id(problems: Sequence[BenchmarkProblem]) -> str:
    """Return a content id of what the problems ask and test, whatever their order."""
    return content_id("bench", tuple(sorted(content_id("task", problem) for problem in problems)))


def _is_data_set(place: Path) -> bool:
    return place.is_dir() and (place / "problems.parquet").is_file()


def _wanted(files: Sequence[DataFile]) -> str:
    """Say which file is wanted, from where, with its count and hash."""
    if not files:
        return "give the data set's folder or file with --data"
    first, *others = files
    also = f" (or {', '.join(file.name for file in others)})" if others else ""
    return f"it needs {first.name}[.gz]{also} from {first.source}: {first.problems} problems, {first.hash}"


def _release(files: Sequence[DataFile], path: Path, sha256: str) -> str:
    """Return the release whose hash the file has; "unknown" if there is none."""
    md5 = "" if path.is_dir() else hashlib.md5(plain_bytes(path), usedforsecurity=False).hexdigest()
    for file in files:
        if sha256 == file.sha256 or (md5 and md5 == file.md5):
            return file.release or file.name
    return "unknown"


def drawn(data: BenchmarkData, count: int | None) -> BenchmarkData:
    """Return ``count`` problems, in their order; None: all.

    They are drawn by a hash of the task's id, so that they are always the same ones, and a smaller draw is part of a
    larger one.
    """
    if count is None or count >= len(data.problems):
        return data
    chosen = {one.task_id for one in sorted(data.problems, key=lambda one: content_id("draw", one.task_id))[:count]}
    kept = tuple(problem for problem in data.problems if problem.task_id in chosen)
    return data._replace(problems=kept, problems_id=problems_id(kept))


def within(data: BenchmarkData, since: str, until: str) -> BenchmarkData:
    """Return the problems that were published from ``since`` to ``until`` (ISO dates or months; "" for no bound).

    Raises ``CaseError`` if a problem has no date, or none is left.
    """
    if not since and not until:
        return data
    if undated := next((problem.task_id for problem in data.problems if not problem.date), ""):
        raise CaseError(f"{undated} has no date, so that no window of {data.benchmark.title} can be taken")
    last = until + "~" if until else "~"  # after every date that begins with ``until``
    kept = tuple(problem for problem in data.problems if since <= problem.date <= last)
    if not kept:
        dates = sorted(problem.date for problem in data.problems)
        raise CaseError(f"no problem lies in this window; their dates go from {dates[0]} to {dates[-1]}")
    outside = data.outside.union(problem.task_id for problem in data.problems).difference(one.task_id for one in kept)
    return data._replace(problems=kept, problems_id=problems_id(kept), outside=outside)
