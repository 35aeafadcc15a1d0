"""Problems as Parquet files, streamed row by row. The same rows give the same bytes."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.records import UNDECIDED, Problem, Rejection
from stepsmith.core.stats import likely_band

ROWS_PER_TABLE = 128  # so many rows are converted at once
# Writing holds one row group in memory. It must not be small: the file's index keeps about 50 KB per group.
ROWS_PER_GROUP, BYTES_PER_GROUP = 512, 8 << 20
ROWS_PER_BATCH = 32  # reading holds this many rows in memory

Row = dict[str, object]
_T = TypeVar("_T")


class Codec(NamedTuple):
    """How a nested value is written into its column, and read back. Both take and return plain lists and dicts."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


class Column(NamedTuple):
    """One column of ``problems.parquet``.

    ``path`` is the attribute of ``Problem`` that it holds, dotted. A column without a path is computed from the problem
    by ``derive`` for the readers of the file, and ignored when the file is read back.
    """

    name: str
    type: pa.DataType
    path: str = ""
    codec: Codec | None = None
    derive: Callable[[Problem], object] | None = None


def _pairs(key: str, value: str) -> Codec:
    """Return the codec that writes a sequence of pairs as a list of structs with two fields."""
    return Codec(
        write=lambda pairs: [{key: first, value: second} for first, second in pairs],
        read=lambda structs: [(struct[key], struct[value]) for struct in structs],
    )


_PARAMS = _pairs("name", "value")
_FEATURES = Codec(
    write=lambda uses: [{**use, "params": _PARAMS.write(use["params"])} for use in uses],
    read=lambda uses: [{**use, "params": _PARAMS.read(use["params"])} for use in uses],
)
_WRONG = Codec(
    write=lambda wrong: [{**one["solution"], "killed_by": one["killed_by"], "origin": one["origin"]} for one in wrong],
    read=lambda wrong: [
        {
            "solution": {"language": one["language"], "code": one["code"]},
            "killed_by": one["killed_by"],
            "origin": one["origin"],
        }
        for one in wrong
    ],
)


def _list_of(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct(list(fields.items())))


_TEXT, _INT, _FLOAT = pa.string(), pa.int32(), pa.float64()

# Every column, in the order of the file. This is the only list of them.
COLUMNS: tuple[Column, ...] = (
    Column("id", _TEXT, derive=lambda problem: problem.id),
    Column("chain_id", _TEXT, "lineage.chain_id"),
    Column("turn", _INT, "lineage.turn"),
    Column("parent_id", _TEXT, "lineage.parent_id"),
    Column("direction", _TEXT, "lineage.direction"),
    Column("change", _TEXT, "lineage.change"),
    Column("environment", _TEXT, "environment"),
    Column("interface", _TEXT, "contract.interface"),
    Column("style", _TEXT, "style"),
    Column("title", _TEXT, "title"),
    Column("statement", _TEXT, "statement"),
    Column("starter_code", _TEXT, "starter_code"),
    Column("entry_point", _TEXT, "contract.entry_point"),
    Column("task", _TEXT, "task"),
    Column(
        "features",
        _list_of(
            name=_TEXT,
            category=_TEXT,
            params=_list_of(name=_TEXT, value=pa.int64()),
            seed_lines=pa.list_(_INT),
            signal=_TEXT,
        ),
        "features",
        _FEATURES,
    ),
    Column("seed_ref", _TEXT, "lineage.seed_ref"),
    Column("seed_license", _TEXT, "lineage.seed_license"),
    Column("examples", _list_of(input=_TEXT, output=_TEXT), "examples"),
    Column("tests", _list_of(input=_TEXT, output=_TEXT, kind=_TEXT, weight=_FLOAT, confidence=_FLOAT), "tests"),
    Column("checker", _TEXT, "contract.checker.name"),
    Column("checker_flags", pa.list_(_TEXT), "contract.checker.flags"),
    Column("checker_files", _list_of(name=_TEXT, source=_TEXT), "contract.checker.files", _pairs("name", "source")),
    Column("golden", pa.struct([("language", _TEXT), ("code", _TEXT)]), "golden"),
    Column("wrong", _list_of(language=_TEXT, code=_TEXT, killed_by=_INT, origin=_TEXT), "wrong", _WRONG),
    Column("validator", _TEXT, "validator"),
    Column("time_limit_s", _FLOAT, "contract.limits.time_s"),
    Column("wall_limit_s", _FLOAT, "contract.limits.wall_s"),
    Column("memory_limit_mb", _INT, "contract.limits.memory_mb"),
    Column("output_limit_mb", _FLOAT, "contract.limits.output_mb"),
    Column("attempts", _INT, "pass_rate.attempts"),
    Column("passes", _INT, "pass_rate.passes"),
    Column("pass_rate", _FLOAT, derive=lambda problem: problem.pass_rate.rate if problem.pass_rate else None),
    Column("pass_rate_low", _FLOAT, "pass_rate.low"),
    Column("pass_rate_high", _FLOAT, "pass_rate.high"),
    # The band that the attempts settle, or "undecided"; and the one that the rate alone suggests.
    Column("band", _TEXT, derive=lambda problem: problem.pass_rate.claimed_band if problem.pass_rate else None),
    Column("likely_band", _TEXT, derive=lambda problem: likely_band(problem.pass_rate)),
    Column("provenance", _list_of(key=_TEXT, value=_TEXT), "provenance", _pairs("key", "value")),
)
PROBLEM_SCHEMA = pa.schema([(column.name, column.type) for column in COLUMNS])
REJECTION_SCHEMA = pa.schema([("reason", _TEXT), ("detail", _TEXT), *PROBLEM_SCHEMA])


def problem_row(problem: Problem) -> Row:
    """Flatten a problem into the columns of ``PROBLEM_SCHEMA``; ``row_problem`` is its inverse."""
    plain = msgspec.to_builtins(problem)
    row: Row = {}
    for column in COLUMNS:
        value = column.derive(problem) if column.derive else _dig(plain, column.path.split("."))
        row[column.name] = column.codec.write(value) if column.codec else value
    return row


def row_problem(row: Row) -> Problem:
    """Rebuild the problem of a row. Raises ``StoreError`` when columns are missing or of another type."""
    plain: dict[str, Any] = {}
    try:
        for column in COLUMNS:
            if column.path:
                *parents, last = column.path.split(".")
                place = plain
                for parent in parents:
                    place = place.setdefault(parent, {})
                value = row[column.name]
                place[last] = column.codec.read(value) if column.codec else value
        if plain["pass_rate"]["attempts"] is None:
            plain["pass_rate"] = None
        else:
            plain["pass_rate"]["band"] = None if row["band"] == UNDECIDED else row["band"]
        return msgspec.convert(plain, Problem)
    except KeyError as missing:
        raise StoreError(
            f"this is not a row of problems.parquet: there is no column {missing}. If an older version of Stepsmith "
            "wrote the file, make it again with `stepsmith synth`."
        ) from None
    except (msgspec.ValidationError, TypeError) as error:
        raise StoreError(f"this is not a row of problems.parquet: {error}") from None


def _dig(plain: Any, path: Sequence[str]) -> object:
    """Return the value at a path in nested dicts; None if a part of the path is None."""
    for name in path:
        if plain is None:
            return None
        plain = plain[name]
    return plain


def rejection_row(rejection: Rejection) -> Row:
    """Flatten a rejection into the columns of ``REJECTION_SCHEMA``."""
    return {"reason": rejection.reason, "detail": rejection.detail, **problem_row(rejection.problem)}


def write_rows(path: Path, schema: pa.Schema, rows: Iterable[Row]) -> int:
    """Write rows to a Parquet file and return their number. The file appears complete or not at all.

    Raises ``StoreError`` when the disk is full or the folder cannot be written.
    """
    groups = _groups(iter(rows), ROWS_PER_TABLE)
    return write_tables(path, schema, (pa.Table.from_pylist(group, schema=schema) for group in groups))


def write_tables(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write tables of one schema to a Parquet file, as ``write_rows`` does."""
    partial = path.with_suffix(".partial")
    count = 0
    try:
        with pq.ParquetWriter(partial, schema, compression="zstd", version="2.6") as writer:
            for table in _joined(tables):
                writer.write_table(table)
                count += table.num_rows
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error.strerror or error}; free some space") from error
    return count


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[Row]:
    """Yield the rows of a Parquet file, with few rows in memory. Raises ``RunFolderError`` if it cannot be read.

    ``columns`` limits the columns: names, or dotted paths into nested ones (``tests.list.element.kind``).
    """
    check_not_a_pipe(path)
    try:
        file = pq.ParquetFile(path, pre_buffer=False)  # with buffering, the whole file would end up in memory
    except FileNotFoundError:
        raise RunFolderError(f"{path} does not exist; give the folder of a finished `stepsmith synth` run") from None
    except (OSError, pa.ArrowInvalid) as error:
        raise RunFolderError(f"{path} cannot be read as Parquet: {error}") from None
    with file:
        for batch in file.iter_batches(batch_size=ROWS_PER_BATCH, columns=columns, use_threads=False):
            yield from batch.to_pylist()


def read_problems(path: Path) -> Iterator[Problem]:
    """Yield the problems of a ``problems.parquet``."""
    return map(row_problem, read_rows(path))


def _joined(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join tables to row groups."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(one.num_rows for one in held) >= ROWS_PER_GROUP or sum(one.nbytes for one in held) >= BYTES_PER_GROUP:
            yield pa.concat_tables(held)
            held.clear()
    if held:
        yield pa.concat_tables(held)


def _groups(items: Iterator[_T], size: int) -> Iterator[list[_T]]:
    while group := list(itertools.islice(items, size)):
        yield group
