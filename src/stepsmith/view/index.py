"""The index of problems: a narrow DuckDB table with what lists and filters show, and one of the words of their text.

``words`` holds, for every word of some 100,000 problems, the rows that hold it. It is made here because DuckDB's own
full-text extension would come from the network. The index is built from the files with pyarrow, column by column, so
tests and programs are not read. DuckDB itself reads and writes no file but its own database, and loads no extension.
"""

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import StoreError
from stepsmith.core.records import Chain
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row
from stepsmith.store.manifest import read_manifest
from stepsmith.view.places import ProblemFile

FORM = 5  # of the tables; a database of another form is built again
BATCH = 8192  # rows that are read at a time
SEGMENT = 16 * BATCH  # rows whose words are counted together
LOCKED = {  # nothing from the network, no other file
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
}
TABLES = """
CREATE TABLE problems (
  row INTEGER, file SMALLINT, place INTEGER, id VARCHAR, title VARCHAR, chain VARCHAR, turn INTEGER, direction VARCHAR,
  environment VARCHAR, style VARCHAR, interface VARCHAR, language VARCHAR, licence VARCHAR, split VARCHAR,
  dataset VARCHAR, student VARCHAR, reason VARCHAR, band VARCHAR, rate DOUBLE, low DOUBLE, high DOUBLE,
  attempts INTEGER, passes INTEGER, tests INTEGER, confidence DOUBLE, killed DOUBLE, features VARCHAR[]
);
CREATE TABLE words (word VARCHAR, rows INTEGER[]);
CREATE TEMP TABLE texts (row INTEGER, text VARCHAR);
CREATE TABLE ratings (
  id VARCHAR, student VARCHAR, band VARCHAR, rate DOUBLE, low DOUBLE, high DOUBLE, attempts INTEGER, passes INTEGER
);
"""
_COUNT_WORDS = r"""
INSERT INTO words
SELECT word, list(row) FROM (SELECT DISTINCT row, unnest(regexp_split_to_array(text, '[^\pL\pN_]+')) AS word FROM texts)
WHERE word <> '' GROUP BY word ORDER BY word;
DELETE FROM texts;
"""
_FACT = "list_filter(provenance, lambda fact: fact.key = '{}')[1].value"  # keys may be there twice
# Column of the index → its value from the columns of the file. A file without a column of these gets NULL.
_VALUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "id": ("id", ("id",)),
    "title": ("coalesce(title, '')", ("title",)),
    "chain": ("chain_id", ("chain_id",)),
    "turn": ("turn", ("turn",)),
    "direction": ("direction", ("direction",)),
    "environment": ("environment", ("environment",)),
    "style": ("nullif(style, '')", ("style",)),
    "interface": ("interface", ("interface",)),
    "language": ("golden.language", ("golden",)),
    "licence": ("coalesce(nullif(seed_license, ''), 'not known')", ("seed_license",)),
    "reason": ("reason", ("reason",)),
    "band": ("coalesce(band, 'not rated')", ("band",)),
    "rate": ("pass_rate", ("pass_rate",)),
    "low": ("pass_rate_low", ("pass_rate_low",)),
    "high": ("pass_rate_high", ("pass_rate_high",)),
    "attempts": ("attempts", ("attempts",)),
    "passes": ("passes", ("passes",)),
    "tests": ("len(tests)", ("tests",)),
    "confidence": ("list_min(list_transform(tests, lambda test: test.confidence))", ("tests",)),
    "killed": (f"try_cast({_FACT.format('kill_rate')} AS DOUBLE)", ("provenance",)),
    "features": ("list_distinct(list_transform(features, lambda use: use.name))", ("features",)),
}
_PARTS = {"tests": ".confidence", "features": ".name", "golden": ".language"}  # the only fields that are read of these

Told = Callable[[int, int], None]  # rows that are read, rows in all


class ProblemIndex:
    """An index over files; ``files`` are in the order of the column ``file``, ``faults`` say what could not be read."""

    def __init__(
        self, database: duckdb.DuckDBPyConnection, files: Sequence[ProblemFile], faults: Sequence[str]
    ) -> None:
        self._database = database
        self.files = tuple(files)
        self.faults = tuple(faults)
        self.size = int(self.ask("SELECT count(*) FROM problems")[0][0])

    def ask(self, query: str, values: Sequence[object] = (), **tables: pa.Table) -> list[tuple]:  # type: ignore[type-arg]
        """Return the rows of a query; safe to call from several threads. ``tables`` are named in the query."""
        with self._database.cursor() as cursor:
            for name, table in tables.items():
                cursor.register(name, table)
            return cursor.execute(query, list(values)).fetchall()

    def ask_table(self, query: str, values: Sequence[object] = ()) -> pa.Table:
        """Return the rows of a query as an Arrow table."""
        with self._database.cursor() as cursor:
            return cursor.sql(query, params=list(values)).to_arrow_table()

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def open_database(path: Path | None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database in a file, or in memory, that can reach nothing else."""
    return duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=dict(LOCKED))


def fill(
    database: duckdb.DuckDBPyConnection, files: Sequence[ProblemFile], ratings: Sequence[ProblemFile], told: Told
) -> list[str]:
    """Make the tables from files of problems and of ratings, and return what could not be read."""
    faults: list[str] = []
    database.execute(TABLES)
    total = sum(count_rows(file) for file in files)
    done = waiting = 0
    for number, file in enumerate(files):
        try:
            for batch in _batches(file):
                _add(database, batch, file, number, done)
                done += batch.num_rows
                waiting += batch.num_rows
                told(done, total)
                if waiting >= SEGMENT:
                    database.execute(_COUNT_WORDS)
                    waiting = 0
        except (OSError, pa.ArrowException, duckdb.Error, sqlite3.Error, StoreError) as error:
            faults.append(f"{file.name} cannot be read as problems: {str(error).splitlines()[0]}")
    database.execute(_COUNT_WORDS)
    for file in ratings:
        try:
            _add_ratings(database, pq.read_table(file.path))
        except (OSError, pa.ArrowException, duckdb.Error) as error:
            faults.append(f"{file.name} cannot be read as ratings: {str(error).splitlines()[0]}")
    database.execute(
        "CREATE OR REPLACE TABLE ratings AS SELECT * FROM ratings "
        "QUALIFY row_number() OVER (PARTITION BY id, student) = 1"
    )
    return faults


def count_rows(file: ProblemFile) -> int:
    """Return the number of rows; 0 where it is not known."""
    try:
        return 0 if file.running else int(pq.read_metadata(file.path).num_rows)
    except (OSError, pa.ArrowException):
        return 0


def chains_of(work: Path) -> Iterator[Chain]:
    """Yield the finished chains of a synthesis that is still running. Raises ``StoreError`` for another version's."""
    try:
        with closing(sqlite3.connect(f"{work.resolve().as_uri()}?mode=ro", uri=True)) as database:
            for (body,) in database.execute("SELECT body FROM chains ORDER BY idx"):
                yield msgspec.msgpack.decode(zlib.decompress(body), type=Chain)
    except (sqlite3.Error, zlib.error, msgspec.DecodeError) as error:
        raise StoreError(f"{work.name} cannot be read: {error}") from None


def _batches(file: ProblemFile) -> Iterator[pa.Table]:
    if file.running:
        for chain in chains_of(file.path):
            if chain.problems:
                yield pa.Table.from_pylist([problem_row(one) for one in chain.problems], schema=PROBLEM_SCHEMA)
        return
    with pq.ParquetFile(file.path, pre_buffer=False) as source:
        paths = [source.schema.column(i).path for i in range(len(source.schema))]
        wanted = {name for _, needs in _VALUES.values() for name in needs} | {"statement"}
        chosen = [
            path for path in paths if (head := path.partition(".")[0]) in wanted and path.endswith(_PARTS.get(head, ""))
        ]
        for batch in source.iter_batches(BATCH, columns=chosen):
            yield pa.Table.from_batches([batch])


def _add(database: duckdb.DuckDBPyConnection, batch: pa.Table, file: ProblemFile, number: int, before: int) -> None:
    have = set(batch.column_names)
    values = {name: (value if have.issuperset(needs) else "NULL") for name, (value, needs) in _VALUES.items()}
    values["student"] = "?"
    if "provenance" in have:
        values["student"] = f"coalesce({_FACT.format('rated_by')}, ?)"
    texts = [name for name in ("title", "statement") if name in have]
    texts += ["array_to_string(list_transform(features, lambda use: use.name), ' ')"] if "features" in have else []
    batch = batch.append_column("_nth", pa.array(range(batch.num_rows), pa.int32()))
    database.register("batch", batch)
    first = database.execute("SELECT count(*) FROM problems WHERE file = ?", [number]).fetchone()
    start = int(first[0]) if first else 0
    database.execute(
        f"INSERT INTO texts SELECT (? + _nth)::INTEGER, lower(concat_ws(' ', {', '.join(texts)})) FROM batch",
        [before],
    )
    database.execute(
        f"INSERT INTO problems (row, file, place, split, dataset, {', '.join(values)}) "
        f"SELECT (? + _nth)::INTEGER, ?, (? + _nth)::INTEGER, ?, ?, "
        f"{', '.join(values.values())} FROM batch",
        [before, number, start, file.split or None, file.name, _student(file)],
    )
    database.unregister("batch")


def _student(file: ProblemFile) -> str | None:
    try:
        return read_manifest(file.path.parent).student
    except Exception:  # no manifest, or one of another version: the name is not known
        return None


def _add_ratings(database: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
    database.register("batch", table)
    database.execute(
        "INSERT INTO ratings SELECT problem_id, student, coalesce(band, 'not rated'), pass_rate, pass_rate_low, "
        "pass_rate_high, attempts, passes FROM batch"
    )
    database.unregister("batch")
