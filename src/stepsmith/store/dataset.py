"""Problems as Parquet: one schema, streamed row by row, byte-identical for the same rows."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.records import (
    Checker,
    Contract,
    Direction,
    Environment,
    FeatureUse,
    Interface,
    Limits,
    Lineage,
    Problem,
    Rejection,
    Solution,
    Style,
    TestCase,
    WrongSolution,
)
from stepsmith.core.stats import band_of, pass_rate

ROWS_PER_GROUP = 128  # bounds memory: one row group is held at a time
ROWS_PER_BATCH = 32  # rows that are Python objects at a time when reading

_TEXT, _INT, _FLOAT = pa.string(), pa.int32(), pa.float64()
_SOLUTION = pa.struct([("language", _TEXT), ("code", _TEXT)])
_PROBLEM_FIELDS: list[tuple[str, pa.DataType]] = [
    ("id", _TEXT),
    ("chain_id", _TEXT),
    ("turn", _INT),
    ("parent_id", _TEXT),
    ("direction", _TEXT),
    ("change", _TEXT),
    ("environment", _TEXT),
    ("interface", _TEXT),
    ("style", _TEXT),
    ("title", _TEXT),
    ("statement", _TEXT),
    ("starter_code", _TEXT),
    ("entry_point", _TEXT),
    ("task", _TEXT),
    (
        "features",
        pa.list_(
            pa.struct(
                [
                    ("name", _TEXT),
                    ("category", _TEXT),
                    ("params", pa.list_(pa.struct([("name", _TEXT), ("value", pa.int64())]))),
                    ("seed_lines", pa.list_(_INT)),
                    ("signal", _TEXT),
                ]
            )
        ),
    ),
    ("seed_ref", _TEXT),
    (
        "tests",
        pa.list_(
            pa.struct(
                [("input", _TEXT), ("output", _TEXT), ("kind", _TEXT), ("weight", _FLOAT), ("confidence", _FLOAT)]
            )
        ),
    ),
    ("checker", _TEXT),
    ("checker_flags", pa.list_(_TEXT)),
    ("checker_files", pa.list_(pa.struct([("name", _TEXT), ("source", _TEXT)]))),
    ("golden", _SOLUTION),
    (
        "wrong",
        pa.list_(pa.struct([("language", _TEXT), ("code", _TEXT), ("killed_by", _INT), ("origin", _TEXT)])),
    ),
    ("validator", _TEXT),
    ("time_limit_s", _FLOAT),
    ("wall_limit_s", _FLOAT),
    ("memory_limit_mb", _INT),
    ("output_limit_mb", _FLOAT),
    ("attempts", _INT),
    ("passes", _INT),
    ("pass_rate", _FLOAT),
    ("pass_rate_low", _FLOAT),
    ("pass_rate_high", _FLOAT),
    ("band", _TEXT),
    ("provenance", pa.list_(pa.struct([("key", _TEXT), ("value", _TEXT)]))),
]
PROBLEM_SCHEMA = pa.schema(_PROBLEM_FIELDS)
REJECTION_SCHEMA = pa.schema([("reason", _TEXT), ("detail", _TEXT), *_PROBLEM_FIELDS])

Row = dict[str, object]
_T = TypeVar("_T")


def problem_row(problem: Problem) -> Row:
    """Flatten a problem into the columns of ``PROBLEM_SCHEMA``; ``row_problem`` is its inverse."""
    contract, lineage, measured = problem.contract, problem.lineage, problem.pass_rate
    return {
        "id": problem.id,
        "chain_id": lineage.chain_id,
        "turn": lineage.turn,
        "parent_id": lineage.parent_id,
        "direction": lineage.direction,
        "change": lineage.change,
        "environment": problem.environment,
        "interface": contract.interface,
        "style": problem.style,
        "title": problem.title,
        "statement": problem.statement,
        "starter_code": problem.starter_code,
        "entry_point": contract.entry_point,
        "task": problem.task,
        "features": [
            {
                "name": use.name,
                "category": use.category,
                "params": [{"name": name, "value": value} for name, value in use.params],
                "seed_lines": list(use.seed_lines),
                "signal": use.signal,
            }
            for use in problem.features
        ],
        "seed_ref": lineage.seed_ref,
        "tests": [msgspec.to_builtins(test) for test in problem.tests],
        "checker": contract.checker.name,
        "checker_flags": list(contract.checker.flags),
        "checker_files": [{"name": name, "source": source} for name, source in contract.checker.files],
        "golden": msgspec.to_builtins(problem.golden),
        "wrong": [
            {
                "language": wrong.solution.language,
                "code": wrong.solution.code,
                "killed_by": wrong.killed_by,
                "origin": wrong.origin,
            }
            for wrong in problem.wrong
        ],
        "validator": problem.validator,
        "time_limit_s": contract.limits.time_s,
        "wall_limit_s": contract.limits.wall_s,
        "memory_limit_mb": contract.limits.memory_mb,
        "output_limit_mb": contract.limits.output_mb,
        "attempts": measured.attempts if measured else None,
        "passes": measured.passes if measured else None,
        "pass_rate": measured.rate if measured else None,
        "pass_rate_low": measured.low if measured else None,
        "pass_rate_high": measured.high if measured else None,
        "band": band_of(measured.rate) if measured else None,
        "provenance": [{"key": key, "value": value} for key, value in problem.provenance],
    }


class _FeatureRow(msgspec.Struct):
    name: str
    category: str
    params: list[dict[str, str | int]]
    seed_lines: tuple[int, ...]
    signal: str


class _ProblemRow(msgspec.Struct):
    """The columns of one row, as pyarrow gives them back."""

    chain_id: str
    turn: int
    parent_id: str | None
    direction: Direction
    change: str
    environment: Environment
    interface: Interface
    style: Style
    title: str
    statement: str
    starter_code: str
    entry_point: str | None
    task: str
    features: list[_FeatureRow]
    seed_ref: str
    tests: tuple[TestCase, ...]
    checker: str
    checker_flags: tuple[str, ...]
    checker_files: list[dict[str, str]]
    golden: Solution
    wrong: list[dict[str, str | int]]
    validator: str
    time_limit_s: float
    wall_limit_s: float | None
    memory_limit_mb: int
    output_limit_mb: float
    attempts: int | None
    passes: int | None
    provenance: list[dict[str, str]]


def row_problem(row: Row) -> Problem:
    """Rebuild the problem of a row. Raises ``StoreError`` when columns are missing or of another type."""
    try:
        flat = msgspec.convert(row, _ProblemRow)
        measured = None
        if flat.attempts is not None and flat.passes is not None:
            measured = pass_rate(flat.passes, flat.attempts)
        return Problem(
            environment=flat.environment,
            style=flat.style,
            title=flat.title,
            statement=flat.statement,
            contract=Contract(
                interface=flat.interface,
                entry_point=flat.entry_point,
                limits=Limits(
                    time_s=flat.time_limit_s,
                    wall_s=flat.wall_limit_s,
                    memory_mb=flat.memory_limit_mb,
                    output_mb=flat.output_limit_mb,
                ),
                checker=Checker(
                    name=flat.checker,
                    flags=flat.checker_flags,
                    files=tuple((file["name"], file["source"]) for file in flat.checker_files),
                ),
            ),
            starter_code=flat.starter_code,
            task=flat.task,
            features=tuple(
                FeatureUse(
                    name=use.name,
                    category=use.category,
                    params=tuple((str(param["name"]), int(param["value"])) for param in use.params),
                    seed_lines=use.seed_lines,
                    signal=use.signal,
                )
                for use in flat.features
            ),
            tests=flat.tests,
            golden=flat.golden,
            lineage=Lineage(
                chain_id=flat.chain_id,
                turn=flat.turn,
                parent_id=flat.parent_id,
                change=flat.change,
                direction=flat.direction,
                seed_ref=flat.seed_ref,
            ),
            wrong=tuple(
                WrongSolution(
                    solution=Solution(language=str(wrong["language"]), code=str(wrong["code"])),
                    killed_by=int(wrong["killed_by"]),
                    origin=str(wrong["origin"]),
                )
                for wrong in flat.wrong
            ),
            pass_rate=measured,
            validator=flat.validator,
            provenance=tuple((item["key"], item["value"]) for item in flat.provenance),
        )
    except msgspec.ValidationError as error:
        raise StoreError(f"this is not a row of problems.parquet: {error}") from None


def rejection_row(rejection: Rejection) -> Row:
    """Flatten a rejection into the columns of ``REJECTION_SCHEMA``."""
    return {"reason": rejection.reason, "detail": rejection.detail, **problem_row(rejection.problem)}


def write_rows(path: Path, schema: pa.Schema, rows: Iterable[Row]) -> int:
    """Write rows to a Parquet file and return their number; the file appears whole or not at all.

    Raises ``StoreError`` when the disk is full or the folder cannot be written.
    """
    partial = path.with_suffix(".partial")
    count = 0
    try:
        with pq.ParquetWriter(partial, schema, compression="zstd", version="2.6") as writer:
            for group in _groups(iter(rows), ROWS_PER_GROUP):
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                count += len(group)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error.strerror or error}. Free some space, then --resume.") from error
    return count


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a Parquet file, one row group in memory at a time. Raises ``RunFolderError`` without it.

    ``columns`` limits what is read: column names, or dotted paths into nested ones (``tests.list.element.kind``).
    """
    try:
        file = pq.ParquetFile(path, pre_buffer=False)  # buffered ahead, the whole file would end up in memory
    except FileNotFoundError:
        raise RunFolderError(f"{path} is not there: is this the folder of a finished `stepsmith synth`?") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise RunFolderError(f"{path} cannot be read as Parquet: {error}") from None
    with file:
        for batch in file.iter_batches(batch_size=ROWS_PER_BATCH, columns=columns, use_threads=False):
            yield from batch.to_pylist()


def read_problems(path: Path) -> Iterator[Problem]:
    """Yield the problems of a ``problems.parquet``."""
    return map(row_problem, read_rows(path))


def _groups(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while group := list(itertools.islice(items, size)):
        yield group
