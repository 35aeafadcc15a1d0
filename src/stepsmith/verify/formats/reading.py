"""Problems from a file or folder, whatever its format. A row that cannot be read becomes an ``UnreadProblem``."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.store import dataset
from stepsmith.verify.formats.apps import apps_row
from stepsmith.verify.formats.codecontests import codecontests_plus_row, codecontests_row
from stepsmith.verify.formats.codeforces import codeforces_row
from stepsmith.verify.formats.dataset import dataset_problem
from stepsmith.verify.formats.json_rows import convert, decode_object, present
from stepsmith.verify.formats.kattis.package import kattis_package, package_folders
from stepsmith.verify.formats.livecodebench import livecodebench_row
from stepsmith.verify.formats.problems import (
    Candidate,
    UnreadProblem,
    UnsupportedError,
    VerifyProblem,
    check_problem,
    stepsmith_row,
)
from stepsmith.verify.formats.rl_rows import deepcoder_row, prime_row, primeintellect_row

RowFormat = Literal[
    "stepsmith", "apps", "taco", "codecontests", "codecontests-plus", "codeforces", "livecodebench", "deepcoder",
    "prime", "primeintellect",
]  # fmt: skip
Format = Literal[
    "auto", "stepsmith", "apps", "taco", "codecontests", "codecontests-plus", "codeforces", "livecodebench",
    "deepcoder", "prime", "primeintellect", "kattis", "dataset",
]  # fmt: skip
PROBLEMS_FILE = "problems.parquet"
MAX_DETAIL = 500  # characters of a reason that are kept
_OUR_COLUMNS = {"golden", "seed_ref"}

Item = VerifyProblem | UnreadProblem
Row = dict[str, object]


class ProblemSource(NamedTuple):
    """Where problems come from, and how they are to be read."""

    path: Path
    format: Format = "auto"
    testlib: Path | None = None  # a copy of testlib.h, for checkers that include it
    pickles: bool = True  # whether tests that LiveCodeBench packed with pickle are read (text alone, never code)


def read_problems(source: ProblemSource) -> Iterator[Item]:
    """Yield the problems of a JSON Lines or Parquet file, of a Kattis package or a folder of them.

    The source is read once, from its beginning, so JSON Lines may come through ``/dev/stdin``. Raises ``CaseError`` or
    another ``UserError`` if the source cannot be read as a whole; what is wrong with one row or one package is an
    ``UnreadProblem`` in its place.
    """
    return (item for _, item in read_numbered(source))


def read_numbered(source: ProblemSource) -> Iterator[tuple[int | None, Item]]:
    """Yield (line in a file of JSON Lines, problem), as ``read_problems`` does; None in place of a line elsewhere."""
    path, format_ = source.path, source.format
    check_not_a_pipe(path, read_once=True)
    if file := _parquet_file(source):
        for number, row in enumerate(dataset.read_rows(file), 1):
            if format_ == "dataset" or (format_ == "auto" and row.keys() >= _OUR_COLUMNS):
                yield None, dataset_problem(dataset.row_problem(row))
            else:
                yield None, _row_item(source, f"row {number}", number, row)
    elif path.is_dir() or format_ == "kattis":
        if format_ not in ("auto", "kattis"):
            raise CaseError(f"{path} is a folder; --format {format_} reads JSON Lines or Parquet files")
        for folder in package_folders(path):
            yield None, _package_item(folder)
    else:
        for number, line in _lines(path):
            yield number, _row_item(source, f"line {number}", number, line)


def count_problems(source: ProblemSource) -> int | None:
    """Return how many problems ``read_problems`` will yield, without parsing them; None for a pipe."""
    path = source.path
    if file := _parquet_file(source):
        return sum(1 for _ in dataset.read_rows(file, columns=[]))
    if path.is_dir() or source.format == "kattis":
        return sum(1 for _ in package_folders(path))
    return sum(1 for _ in _lines(path)) if path.is_file() else None


def _parquet_file(source: ProblemSource) -> Path | None:
    """Return the Parquet file that is meant, if one is."""
    if source.path.is_dir():
        file = source.path / PROBLEMS_FILE
        return file if source.format == "dataset" or (source.format == "auto" and file.is_file()) else None
    return source.path if source.format == "dataset" or source.path.suffix == ".parquet" else None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, text) of a file's lines that are not blank. Raises ``CaseError`` if it cannot be read."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise CaseError(f"cannot read {path}: {error.strerror}") from None


def guess_format(row: Row) -> RowFormat:
    """Return the format of a row by the keys that only it has. Raises ``CaseError`` for an unknown one."""
    keys = row.keys()
    for signature, format_ in _SIGNATURES:
        if signature <= keys:
            return format_
    for signature, name in _REFUSED:
        if signature <= keys:
            raise UnsupportedError(f"a row of {name}, whose tests are code, not inputs and outputs")
    shown = ", ".join(sorted(keys)[:12]) or "none"
    raise CaseError(f"not a row of a known format (its keys: {shown}); docs/verification.md lists the formats")


# Tried in this order: the keys that a row of the format has and an earlier one has not.
_SIGNATURES: tuple[tuple[set[str], RowFormat], ...] = (
    ({"public_test_cases"}, "livecodebench"),
    ({"private_test_cases"}, "livecodebench"),
    ({"correct_submissions"}, "codecontests-plus"),
    ({"public_tests"}, "codecontests"),
    ({"private_tests"}, "codecontests"),
    ({"generated_tests", "solutions"}, "codecontests"),
    ({"official_tests"}, "codeforces"),
    ({"input_output"}, "apps"),
    ({"verification_info"}, "primeintellect"),
    ({"reward_model"}, "prime"),
    ({"interface", "inputs"}, "stepsmith"),
    ({"problem", "tests"}, "deepcoder"),
    ({"inputs"}, "stepsmith"),
    ({"interface"}, "stepsmith"),
)
_REFUSED: tuple[tuple[set[str], str], ...] = (
    ({"canonical_solution", "test"}, "HumanEval"),
    ({"test_list"}, "MBPP"),
    ({"test", "solution"}, "KodCode"),
    ({"complete_prompt"}, "BigCodeBench"),
    ({"patch"}, "SWE-bench"),
)


def _row_item(source: ProblemSource, place: str, number: int, data: bytes | Row) -> Item:
    """Return the problem of one row; ``place`` and ``number`` tell where it stands."""
    problem_id: str | int = number
    try:
        row = decode_object(data) if isinstance(data, bytes) else present(data)
        problem_id = _row_id(row, number)
        format_ = guess_format(row) if source.format == "auto" else source.format
        problem = _reader(format_, source)(row)
        if format_ != "stepsmith" and "candidates" in row:
            samples = convert(row["candidates"], tuple[Candidate, ...])
            problem = msgspec.structs.replace(problem, candidates=(*problem.candidates, *samples))
        if problem.problem_id == "":
            problem = msgspec.structs.replace(problem, problem_id=problem_id)
        check_problem(problem)
        return problem
    except (CaseError, ValueError, TypeError, RecursionError) as error:
        return _unread(
            problem_id, error, place, data if isinstance(data, bytes) else repr(data).encode("utf-8", "replace")
        )


def _package_item(folder: Path) -> Item:
    """Return the problem of one Kattis package."""
    try:
        problem = kattis_package(folder)
        check_problem(problem)
        return problem
    except (CaseError, ValueError) as error:
        return _unread(folder.name, error, f"package {folder.name}", b"")


def _unread(problem_id: str | int, error: Exception, place: str, data: bytes) -> UnreadProblem:
    detail = f"{place}: {error or type(error).__name__}"
    if len(detail) > MAX_DETAIL:
        detail = detail[: MAX_DETAIL - 1] + "…"
    return UnreadProblem(
        problem_id=_printable(problem_id) if isinstance(problem_id, str) else problem_id,
        reason="unsupported" if isinstance(error, UnsupportedError) else "unreadable",
        detail=_printable(detail),
        source=hashlib.sha256(data).hexdigest()[:32],
    )


def _printable(text: str) -> str:
    """Return text that can be written as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _row_id(row: Row, number: int) -> str | int:
    """Return what a row calls itself, or its number."""
    for key in ("problem_id", "question_id", "task_id", "id", "name"):
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value
    return number


def _reader(format_: Format, source: ProblemSource) -> Callable[[Row], VerifyProblem]:
    readers: dict[Format, Callable[[Row], VerifyProblem]] = {
        "stepsmith": stepsmith_row,
        "apps": apps_row,
        "taco": apps_row,
        "codecontests": codecontests_row,
        "codecontests-plus": lambda row: codecontests_plus_row(row, source.testlib),
        "codeforces": codeforces_row,
        "livecodebench": lambda row: livecodebench_row(row, pickles=source.pickles),
        "deepcoder": deepcoder_row,
        "prime": prime_row,
        "primeintellect": primeintellect_row,
    }
    return readers[format_]
