"""A search: what the address of a list says, and the SQL for its rows and for the counts beside its filters."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlencode

import pyarrow as pa

from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.view.index import ProblemIndex

PAGE = 50  # problems on a page
MOST_VALUES = 12  # values of a filter that are shown before "more"
MOST_WORDS = 12  # of a search
LONGEST_QUERY = 400  # characters
KEPT_ALONE = ("state", ("kept",))  # the state that a list shows when its address names none


class Facet(NamedTuple):
    """A filter. ``value`` is its SQL; ``order`` are its values in a natural order, the others follow by count."""

    name: str
    label: str
    value: str
    order: tuple[str, ...] = ()


_CONFIDENCE = (
    "CASE WHEN confidence IS NULL THEN 'not known' WHEN confidence >= 0.999 THEN '≥ 0.999' "
    "WHEN confidence >= 0.99 THEN '0.99 – 0.999' WHEN confidence >= 0.9 THEN '0.9 – 0.99' ELSE '< 0.9' END"
)
_KILLED = (
    "CASE WHEN killed IS NULL THEN 'not known' WHEN killed >= 1 THEN '1' WHEN killed >= 0.9 THEN '0.9 – 1' "
    "WHEN killed >= 0.75 THEN '0.75 – 0.9' ELSE '< 0.75' END"
)
FACETS: tuple[Facet, ...] = (
    Facet("band", "Band", "band", (*BANDS, UNDECIDED, "not rated")),
    Facet("environment", "Environment", "environment"),
    Facet("feature", "Feature", "features"),
    Facet("style", "Style", "style"),
    Facet("confidence", "Least confidence of a test", _CONFIDENCE, ("≥ 0.999", "0.99 – 0.999", "0.9 – 0.99", "< 0.9")),
    Facet("killed", "Kill rate", _KILLED, ("1", "0.9 – 1", "0.75 – 0.9", "< 0.75")),
    Facet("licence", "Licence of the seed", "licence"),
    Facet("split", "Split", "split", ("train", "validation", "test")),
    Facet("student", "Student", "student"),
    Facet("state", "State", "coalesce(reason, 'kept')", ("kept",)),
    Facet("dataset", "Data set", "dataset"),
)
SORTS: dict[str, tuple[str, str]] = {  # name → label, SQL
    "": ("as in the files", "row"),
    "title": ("title", "title, row"),
    "hardest": ("hardest first", "rate NULLS LAST, row"),
    "easiest": ("easiest first", "rate DESC NULLS LAST, row"),
    "confidence": ("least confidence first", "confidence NULLS LAST, row"),
    "killed": ("lowest kill rate first", "killed NULLS LAST, row"),
    "tests": ("most tests first", "tests DESC NULLS LAST, row"),
    "turn": ("last turns first", "turn DESC NULLS LAST, row"),
}


@dataclass(frozen=True, slots=True)
class ProblemSearch:
    """What is looked for. ``chosen`` are the values of each filter; a filter without values lets all through."""

    words: str = ""
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sort: str = ""
    page: int = 1

    def query(self, **changes: object) -> str:
        """Return the address (after ``?``) of this search, or of one with changes."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [("q", other.words)] if other.words else []
        pairs += [(name, value) for name, values in other.chosen if (name, values) != KEPT_ALONE for value in values]
        pairs += [("sort", other.sort)] if other.sort else []
        pairs += [("page", str(other.page))] if other.page > 1 else []
        return urlencode(pairs)

    def at(self, page: int) -> "ProblemSearch":
        """Return this search on another page."""
        return replace(self, page=page)

    def values(self, facet: str) -> tuple[str, ...]:
        """Return the chosen values of a filter."""
        return dict(self.chosen).get(facet, ())

    def without(self, facet: str, value: str) -> str:
        """Return the address of this search without one chosen value."""
        rest = ((name, tuple(v for v in values if (name, v) != (facet, value))) for name, values in self.chosen)
        return self.query(chosen=tuple((name, values) for name, values in rest if values), page=1)


def read_search(pairs: Iterable[tuple[str, str]]) -> ProblemSearch:
    """Read the address of a list. What it does not know is left out, so that an old link still opens."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    if not any(found.get(KEPT_ALONE[0], ())):
        found[KEPT_ALONE[0]] = list(KEPT_ALONE[1])
    chosen = ((facet.name, tuple(dict.fromkeys(filter(None, found.get(facet.name, ()))))) for facet in FACETS)
    sort = found.get("sort", [""])[0]
    page = found.get("page", ["1"])[0]
    return ProblemSearch(
        words=" ".join(found.get("q", [""])[0].split())[:LONGEST_QUERY],
        chosen=tuple((name, values) for name, values in chosen if values),
        sort=sort if sort in SORTS else "",
        page=max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 8 else 1,
    )


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


class Searcher:
    """Asks one index, and remembers the last answers."""

    def __init__(self, index: ProblemIndex) -> None:
        self.index = index
        self._found: OrderedDict[ProblemSearch, Matches] = OrderedDict()
        self._hits: OrderedDict[str, pa.Table] = OrderedDict()
        self._lock = Lock()

    def found(self, search: ProblemSearch) -> Matches:
        """Return size and counts of a search, whatever its page and order."""
        key = replace(search, sort="", page=1)
        if (known := self._found.get(key)) is not None:
            return known
        result = Matches(count=self._count(key))
        for facet in FACETS:
            values = self._values(facet, key)
            if len(values) > 1 or (key.values(facet.name) and (facet.name, key.values(facet.name)) != KEPT_ALONE):
                result.facets[facet.name] = values
        with self._lock:
            self._found[key] = result
            while len(self._found) > 256:
                self._found.popitem(last=False)
        return result

    def rows(self, search: ProblemSearch, first: int, count: int, columns: str) -> list[dict[str, object]]:
        """Return ``count`` rows from place ``first`` on, in the order of the search."""
        source, where, values, tables = self._parts(search, "")
        names = [name.strip() for name in columns.split(",")]
        found = self.index.ask(
            f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {SORTS[search.sort][1]} LIMIT ? OFFSET ?",
            [*values, count, first],
            **tables,
        )
        return [dict(zip(names, row, strict=True)) for row in found]

    def _count(self, search: ProblemSearch) -> int:
        source, where, values, tables = self._parts(search, "")
        return int(self.index.ask(f"SELECT count(*) FROM {source} WHERE {where}", values, **tables)[0][0])

    def _values(self, facet: Facet, search: ProblemSearch) -> list[FacetValue]:
        """Return the values of a filter, counted over what all other filters let through."""
        source, where, values, tables = self._parts(search, facet.name)
        value = f"unnest({facet.value})" if facet.name == "feature" else facet.value
        counted = self.index.ask(
            f"SELECT value, count(*) FROM (SELECT {value} AS value FROM {source} WHERE {where}) "
            "WHERE value IS NOT NULL GROUP BY value",
            values,
            **tables,
        )
        counts: dict[str, int] = {str(value): int(count) for value, count in counted}
        chosen = search.values(facet.name)
        for value in chosen:
            counts.setdefault(value, 0)
        place = {value: number for number, value in enumerate(facet.order)}
        ordered = sorted(counts, key=lambda value: (place.get(value, len(place)), -counts[value], value))
        return [FacetValue(value, counts[value], value in chosen) for value in ordered]

    def _parts(self, search: ProblemSearch, skipped: str) -> tuple[str, str, list[object], Mapping[str, pa.Table]]:
        """Return the source and the condition of a search, without the filter ``skipped``, with their values."""
        conditions = ["true"]
        values: list[object] = []
        tables: dict[str, pa.Table] = {}
        source = "problems"
        for facet in FACETS:
            wanted = search.values(facet.name)
            if not wanted or facet.name == skipped:
                continue
            if facet.name == "feature":
                conditions.append("list_has_any(features, ?::VARCHAR[])")
            else:
                conditions.append(f"list_contains(?::VARCHAR[], {facet.value})")
            values.append(list(wanted))
        if search.words:
            tables["hits"] = self._matching(search.words)
            conditions.append("row IN (SELECT row FROM hits)")
        return source, " AND ".join(conditions), values, tables

    def _matching(self, words: str) -> pa.Table:
        """Return the rows whose text holds every word."""
        if (known := self._hits.get(words)) is not None:
            return known
        terms = words.lower().split()[:MOST_WORDS]
        found = self.index.ask_table(
            f"SELECT row FROM problems WHERE {' AND '.join('contains(words, ?)' for _ in terms)}", terms
        )
        with self._lock:
            self._hits[words] = found
            while len(self._hits) > 16:
                self._hits.popitem(last=False)
        return found
