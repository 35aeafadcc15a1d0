"""What can be compared: the pass rates in a data set, and those of each student in a ``ratings.parquet``."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError
from stepsmith.store.ratings import RATINGS
from stepsmith.view.places import state_of
from stepsmith.view.viewing import Viewing

_COLUMNS = {  # of the table that is compared, and their types
    "id": pa.string(), "title": pa.string(), "environment": pa.string(), "band": pa.string(),
    "attempts": pa.int64(), "passes": pa.int64(),
}  # fmt: skip


class Measurement(NamedTuple):
    """Pass rates of problems. ``student`` is None for those that stand in a data set itself."""

    name: str  # as shown, and as the address names it
    path: Path
    student: str | None


def measurements(viewing: Viewing) -> Iterator[Measurement]:
    """Return all that the served folders hold. Files that cannot be read are left out: other pages say why."""
    searcher = viewing.library.current(5)
    for file in searcher.index.files if searcher else ():
        if not file.running and not file.rejects and file.path.name != RATINGS:
            yield Measurement(file.name, file.path, None)
    for folder in viewing.places.folders():
        path = folder / RATINGS
        if not path.is_file() or not viewing.places.holds(path):
            continue
        try:
            students = pc.unique(pq.read_table(path, columns=["student"])["student"]).to_pylist()
        except (OSError, pa.ArrowException):
            continue
        for student in students:
            yield Measurement(f"{viewing.places.shown(folder)}: {student}", path, student)


def rates_of(measurement: Measurement) -> pa.Table:
    """Return a row for each problem: id, title, environment, band, attempts, passes.

    What a file does not have is null. Raises ``RunFolderError`` for a file that cannot be read.
    """
    state = state_of(measurement.path)
    if state is None:
        raise RunFolderError(f"{measurement.name} is gone")
    try:
        return _read(measurement, state)
    except (OSError, pa.ArrowException) as error:
        raise RunFolderError(f"{measurement.name} cannot be read: {error}") from None


@lru_cache(maxsize=4)
def _read(measurement: Measurement, _state: tuple[int, int]) -> pa.Table:
    named = {"problem_id": "id"} if measurement.student is not None else {}
    present = set(pq.read_schema(measurement.path).names)
    wanted = [column for column in (*_COLUMNS, "problem_id", "student") if column in present]
    table = pq.read_table(measurement.path, columns=wanted)
    if measurement.student is not None:
        table = table.filter(pc.equal(table["student"], measurement.student))
    table = table.rename_columns([named.get(name, name) for name in table.column_names])
    columns = {
        name: table[name].cast(kind) if name in table.column_names else pa.nulls(len(table), kind)
        for name, kind in _COLUMNS.items()
    }
    return pa.table(columns)
