"""The problems to curate, as columns: what curation compares, without the tests, which stay in their files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.records import Problem
from stepsmith.curate.ngrams import Places
from stepsmith.store.dataset import PROBLEM_SCHEMA, row_problem, write_tables
from stepsmith.store.problem_sets import problem_files

UNRATED = "unrated"
ROWS_PER_WRITE = 512
GROUPS_IN_MEMORY = 32
_NEEDED = (
    "id", "chain_id", "turn", "environment", "interface", "statement", "task", "golden", "features", "band", "attempts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProblemTable:
    """The problems of some files, in their order. Sequences have one element per problem."""

    files: tuple[Path, ...]
    starts: tuple[int, ...]  # the first row of each file
    ids: list[str]
    chains: list[str]
    turns: list[int]
    environments: list[str]
    interfaces: list[str]
    statements: pa.ChunkedArray
    tasks: pa.ChunkedArray
    languages: list[str]
    codes: pa.ChunkedArray
    features: list[tuple[str, ...]]  # names in the order of the steps, repetitions too
    bands: list[str]  # UNRATED where no pass rate was measured
    attempts: list[int]

    def __len__(self) -> int:
        return len(self.ids)

    def statement(self, row: int) -> str:
        """Return the statement of a problem."""
        return str(self.statements[row])

    def code(self, row: int) -> str:
        """Return the golden program of a problem."""
        return str(self.codes[row])

    def place(self, row: int) -> str:
        """Say where a problem stands: "runs/a/problems.parquet, row 7" (counted from 1)."""
        number = max(k for k, start in enumerate(self.starts) if start <= row)
        return f"{self.files[number]}, row {row - self.starts[number] + 1}"

    def content_keys(self) -> list[bytes]:
        """Return keys that are equal for problems of equal content: environment, statement, task and program.

        White space at the ends of lines, and blank lines, do not count.
        """
        keys = []
        for environment, statement, task, code in zip(
            self.environments, _texts(self.statements), _texts(self.tasks), _texts(self.codes), strict=True
        ):
            parts = (environment, " ".join(statement.split()), task, _tidy(code))
            keys.append(blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest())
        return keys


def read_table(sources: Sequence[Path]) -> ProblemTable:
    """Read the problems of folders and files.

    Raises ``RunFolderError`` for files that cannot be read and where there are no problems, ``StoreError`` for files
    of another schema, and for an id that stands for two different problems.
    """
    files = tuple(dict.fromkeys(path.resolve() for source in sources for path in problem_files(source)))
    shown = tuple(path for source in sources for path in problem_files(source))
    names = {path.resolve(): path for path in shown}
    schema: pa.Schema | None = None
    parts: list[pa.Table] = []
    starts, rows = [], 0
    for file in files:
        part, found = _read(names[file])
        if schema is not None and not found.equals(schema):
            odd = sorted(set(found.names) ^ set(schema.names)) or [
                field.name for field in found if not field.equals(schema.field(field.name))
            ] or ["their order"]  # fmt: skip
            raise StoreError(
                f"{names[files[0]]} and {names[file]} were written by different versions of Stepsmith (they differ in "
                f"{', '.join(odd[:3])}); curate them apart, or make one of them again"
            )
        schema = found
        starts.append(rows)
        parts.append(part)
        rows += part.num_rows
    if not rows:
        raise RunFolderError(f"there are no problems in {', '.join(str(source) for source in sources)}")
    table = pa.concat_tables(parts)
    golden = table["golden"]
    found_table = ProblemTable(
        files=tuple(names[file] for file in files),
        starts=tuple(starts),
        ids=table["id"].to_pylist(),
        chains=table["chain_id"].to_pylist(),
        turns=table["turn"].to_pylist(),
        environments=table["environment"].to_pylist(),
        interfaces=table["interface"].to_pylist(),
        statements=table["statement"],
        tasks=table["task"],
        languages=pc.struct_field(golden, "language").to_pylist(),
        codes=pc.struct_field(golden, "code"),
        features=[tuple(use["name"] for use in uses) for uses in table["features"].to_pylist()],
        bands=[band or UNRATED for band in table["band"].to_pylist()],
        attempts=[attempts or 0 for attempts in table["attempts"].to_pylist()],
    )
    _check_ids(found_table)
    return found_table


def write_kept(table: ProblemTable, kept: Sequence[bool], path: Path) -> int:
    """Write the rows that are ``kept``, whole and in their order, and return their number."""
    schema = pq.read_schema(table.files[0])

    def tables() -> Iterator[pa.Table]:
        row = 0
        for file in table.files:
            try:
                with pq.ParquetFile(file, pre_buffer=False) as opened:  # buffered, all of it would be in memory
                    for batch in opened.iter_batches(batch_size=ROWS_PER_WRITE, use_threads=False):
                        mask = pa.array(kept[row : row + batch.num_rows], pa.bool_())
                        row += batch.num_rows
                        yield pa.Table.from_batches([batch]).filter(mask)
            except pa.ArrowException as error:
                raise RunFolderError(
                    f"{file} cannot be read as Parquet ({_first_line(error)}); copy or make it again"
                ) from None

    return write_tables(path, schema, tables())


class ProblemReader:
    """Whole problems of a table, with their tests, read when they are asked for; a few row groups stay in memory."""

    def __init__(self, table: ProblemTable) -> None:
        self._table = table
        self._groups: list[Places] = []  # per file, the first row of each row group
        for file in table.files:
            metadata = pq.read_metadata(file)
            sizes = [metadata.row_group(k).num_rows for k in range(metadata.num_row_groups)]
            self._groups.append(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))
        self._group = lru_cache(GROUPS_IN_MEMORY)(self._read_group)

    def problem(self, row: int) -> Problem:
        """Return one problem."""
        number = max(k for k, start in enumerate(self._table.starts) if start <= row)
        local = row - self._table.starts[number]
        group = int(np.searchsorted(self._groups[number], local, side="right")) - 1
        place = local - int(self._groups[number][group])
        return row_problem(self._group(number, group).slice(place, 1).to_pylist()[0])

    def _read_group(self, number: int, group: int) -> pa.Table:
        file = self._table.files[number]
        try:
            with pq.ParquetFile(file) as opened:
                return opened.read_row_group(group, columns=PROBLEM_SCHEMA.names, use_threads=False)
        except pa.ArrowException as error:
            raise RunFolderError(
                f"{file} cannot be read as Parquet ({_first_line(error)}); copy or make it again"
            ) from None


def chain_lengths(table: ProblemTable) -> list[int]:
    """Return, for each problem, how many of the problems its chain has."""
    sizes = Counter(table.chains)
    return [sizes[chain] for chain in table.chains]


def _read(path: Path) -> tuple[pa.Table, pa.Schema]:
    """Return the needed columns of a file, and its whole schema."""
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            schema = file.schema_arrow
            missing = [name for name in PROBLEM_SCHEMA.names if name not in schema.names]
            if missing:
                raise StoreError(
                    f"{path} is not a file of problems of this version of Stepsmith: it has no column {missing[0]!r}; "
                    "make it again with `stepsmith synth`"
                )
            for field in PROBLEM_SCHEMA:
                if field.name in _NEEDED and not schema.field(field.name).type.equals(field.type):
                    raise StoreError(
                        f"{path}: the column {field.name!r} holds {schema.field(field.name).type}, not {field.type}; "
                        "it was not written by this version of Stepsmith"
                    )
            table = file.read(columns=list(_NEEDED), use_threads=False)
            for name in ("id", "chain_id", "environment", "statement", "golden", "features"):
                if table[name].null_count:
                    raise StoreError(f"{path}: the column {name!r} has empty cells; the file was changed or is damaged")
            return table, schema.remove_metadata()
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno:
            raise RunFolderError(f"{path} cannot be read: {error.strerror}") from None
        raise RunFolderError(
            f"{path} cannot be read as Parquet ({_first_line(error)}); copy or make it again"
        ) from None


def _check_ids(table: ProblemTable) -> None:
    """Raise ``StoreError`` if one id has two contents."""
    repeated = {one for one, count in Counter(table.ids).items() if count > 1}
    if not repeated:
        return
    first: dict[str, tuple[int, bytes]] = {}
    for row, key in enumerate(table.content_keys()):
        one = table.ids[row]
        if one in repeated and first.setdefault(one, (row, key))[1] != key:
            raise StoreError(
                f"the id {one} stands for two different problems ({table.place(first[one][0])} and "
                f"{table.place(row)}); one of the files was changed by hand: make it again"
            )


def _texts(column: pa.ChunkedArray) -> Iterator[str]:
    for chunk in column.chunks:
        for start in range(0, len(chunk), 4096):
            yield from chunk.slice(start, 4096).to_pylist()


def _tidy(code: str) -> str:
    return "\n".join(line.rstrip() for line in code.splitlines() if line.strip())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
