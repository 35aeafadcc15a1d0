"""Answers searches over an index: how many problems match, the counts beside every filter, the rows of a page.

DuckDB finds the words and the rows. The columns of the filters are also held as small numbers, one per problem, so that
all counts of a million problems take some hundredths of a second. A *mask* says of every row whether it matches.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stepsmith.view.index import ProblemIndex
from stepsmith.view.search import FACETS, KEPT_ALONE, SORTS, Facet, ProblemSearch

MOST_WORDS = 12  # of a search
SHORT = 3  # characters below which a word must be the whole word
RATED_SORTS = ("hardest", "easiest")  # those by pass rate
REMEMBERED, MASKS = 256, 8  # answers and masks that are kept
_TERM = re.compile(r"\w+")
_IDS = {"prob_": "id", "chain_": "chain"}  # how a word that is an id begins

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a filter with the number of problems that it would show."""

    value: str
    count: int
    chosen: bool


@dataclass(slots=True)
class Matches:
    """The result of a search: its size, and the values of every filter. The rows of a page are asked apart."""

    count: int
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)


class FacetColumn:
    """The values of a filter as numbers: ``codes[k]`` is the number of a value (the last number: none).

    For the feature, of which a problem has several, ``rows[k]`` is the row that ``codes[k]`` belongs to.
    """

    def __init__(self, values: pa.ChunkedArray, size: int) -> None:
        column = values.combine_chunks()
        self.rows: Numbers | None = None
        if pa.types.is_list(column.type):
            self.rows = pc.list_parent_indices(column).to_numpy().astype(np.int32)
            column = column.flatten()
        coded = pc.dictionary_encode(column)
        self.names: list[str] = [str(name) for name in coded.dictionary.to_pylist()]
        codes = pc.fill_null(coded.indices, len(self.names)).to_numpy(zero_copy_only=False)
        self.codes: Numbers = codes.astype(np.int16 if len(self.names) < 30_000 else np.int32)
        self._size = size

    def mask(self, wanted: Sequence[str]) -> Mask:
        """Return which rows have one of the wanted values."""
        chosen = np.array([name in wanted for name in [*self.names, None]], dtype=bool)[self.codes]
        if self.rows is None:
            return chosen
        found = np.zeros(self._size, dtype=bool)
        found[self.rows[chosen]] = True
        return found

    def counts(self, mask: Mask) -> dict[str, int]:
        """Return how many rows of a mask have each value; values that none has are left out."""
        codes = self.codes[mask if self.rows is None else mask[self.rows]]
        counted = np.bincount(codes, minlength=len(self.names) + 1)
        return {name: int(count) for name, count in zip(self.names, counted, strict=False) if count}


class Searcher:
    """Asks one index, and remembers the last answers. Safe to call from several threads."""

    def __init__(self, index: ProblemIndex) -> None:
        self.index = index
        self._columns = {(facet.name, ""): self._read_column(facet, "") for facet in FACETS}
        self._orders: dict[tuple[str, str], Numbers] = {}
        self._found: OrderedDict[ProblemSearch, Matches] = OrderedDict()
        self._masks: OrderedDict[ProblemSearch, Mask] = OrderedDict()
        self._lock = Lock()

    def found(self, search: ProblemSearch) -> Matches:
        """Return size and counts of a search, whatever its page and order."""
        key = replace(search, sort="", page=1)
        if (known := self._found.get(key)) is not None:
            return known
        everything = self._mask(key)
        result = Matches(count=int(np.count_nonzero(everything)))
        for facet in FACETS:
            chosen = key.values(facet.name)
            others = self._mask(key.leaving_out(facet.name)) if chosen else everything
            column = self._column(facet.name, key.student)
            if facet.name == "student" and key.values("band"):  # every student has bands of its own
                each = {name: self._mask(key.choosing("student", name)) for name in column.names}
                counts = {name: int(np.count_nonzero(mask)) for name, mask in each.items() if mask.any()}
            else:
                counts = column.counts(others)
            values = _ordered(facet, chosen, counts)
            if len(values) > 1 or (chosen and (facet.name, chosen) != KEPT_ALONE):
                result.facets[facet.name] = values
        self._remember(self._found, key, result, REMEMBERED)
        return result

    def rows(self, search: ProblemSearch, first: int, count: int, columns: str) -> list[dict[str, Any]]:
        """Return ``count`` rows from place ``first`` (from 0) on, in the order of the search."""
        mask = self._mask(replace(search, sort="", page=1))
        if search.sort:
            order = self.order(search.sort, search.student)
            places = order[mask[order]][first : first + count].tolist()
        else:
            places = np.flatnonzero(mask)[first : first + count].tolist()
        if not places:
            return []
        names = [name.strip() for name in columns.split(",")]
        source, values = _source(search.student)
        found = self.index.ask(
            f"SELECT row, {columns} FROM {source} WHERE row IN ({', '.join('?' for _ in places)})", [*values, *places]
        )
        by_row = {row: dict(zip(names, values, strict=True)) for row, *values in found}
        return [by_row[place] for place in places]

    def order(self, sort: str, student: str = "") -> Numbers:
        """Return all rows in an order."""
        key = sort, student if sort in RATED_SORTS else ""
        if key not in self._orders:
            source, values = _source(key[1])
            table = self.index.ask_table(f"SELECT row FROM {source} ORDER BY {SORTS[sort][1]}", values)
            self._orders[key] = table["row"].to_numpy()
        return self._orders[key]

    def _column(self, name: str, student: str) -> FacetColumn:
        """Return the column of a filter; that of the bands is another one for every student."""
        key = name, student if name == "band" else ""
        if key not in self._columns:
            self._columns[key] = self._read_column(next(facet for facet in FACETS if facet.name == name), student)
        return self._columns[key]

    def _read_column(self, facet: Facet, student: str) -> FacetColumn:
        source, values = _source(student, several=facet.name == "student")
        table = self.index.ask_table(f"SELECT {facet.value} AS value FROM {source} ORDER BY row", values)
        return FacetColumn(table["value"], self.index.size)

    def _mask(self, key: ProblemSearch) -> Mask:
        """Return which rows a search lets through."""
        if (known := self._masks.get(key)) is not None:
            return known
        mask = np.ones(self.index.size, dtype=bool)
        for name, wanted in key.chosen:
            mask &= self._column(name, key.student).mask(wanted)
        if key.words:
            words = ProblemSearch(words=key.words)
            mask &= self._mask(words) if key.chosen else self._matching(key.words)
        self._remember(self._masks, key, mask, MASKS)
        return mask

    def _matching(self, words: str) -> Mask:
        """Return the rows that hold, for every word, one that begins with it. A word of an id looks for the id."""
        mask = np.ones(self.index.size, dtype=bool)
        for term in _TERM.findall(words.lower())[:MOST_WORDS]:
            if column := next((name for start, name in _IDS.items() if term.startswith(start)), None):
                table = self.index.ask_table(f"SELECT row FROM problems WHERE starts_with({column}, ?)", [term])
            elif len(term) < SHORT:
                table = self.index.ask_table("SELECT unnest(rows) AS row FROM words WHERE word = ?", [term])
            else:  # the bounds let DuckDB skip what cannot match
                table = self.index.ask_table(
                    "SELECT unnest(rows) AS row FROM words WHERE word >= ? AND word < ?", [term, term + "\U0010ffff"]
                )
            held = np.zeros(self.index.size, dtype=bool)
            held[table["row"].to_numpy()] = True
            mask &= held
        return mask

    def _remember(self, where: OrderedDict[ProblemSearch, Any], key: ProblemSearch, value: object, most: int) -> None:
        with self._lock:
            where[key] = value
            while len(where) > most:
                where.popitem(last=False)


def _source(student: str, *, several: bool = False) -> tuple[str, list[object]]:
    """Return the table of problems, with its values: as one student rated them, or with all their students."""
    if several:
        return (
            "(SELECT problems.row, list_distinct(list_concat([problems.student], rated.students)) AS students FROM "
            "problems LEFT JOIN (SELECT id, list(student) AS students FROM ratings GROUP BY id) AS rated USING (id))",
            [],
        )
    if not student:
        return "problems", []
    names = ("rate", "low", "high", "attempts", "passes", "band")
    rated = ", ".join(
        f"coalesce(theirs.{n}, CASE WHEN problems.student = ? THEN problems.{n} END) AS {n}" for n in names
    )
    return (
        f"(SELECT problems.* REPLACE ({rated}) FROM problems LEFT JOIN "
        "(SELECT * FROM ratings WHERE student = ?) AS theirs USING (id))",
        [student] * (len(names) + 1),
    )


def _ordered(facet: Facet, chosen: tuple[str, ...], counts: dict[str, int]) -> list[FacetValue]:
    """Return the values of a filter: in their natural order, then by count; a chosen one is always there."""
    counts = {**dict.fromkeys(chosen, 0), **counts}
    place = {value: number for number, value in enumerate(facet.order)}
    ordered = sorted(counts, key=lambda value: (place.get(value, len(place)), -counts[value], value))
    return [FacetValue(value, counts[value], value in chosen) for value in ordered]
