"""Compare two data sets, or the pass rates of two students: before and after training, per problem and per band."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.core.stats import Paired, paired, wilson_interval
from stepsmith.view.index import open_database
from stepsmith.view.measurements import measurements, rates_of
from stepsmith.view.viewing import Viewing

PAGE = 50  # problems on a page
NOT_RATED, NOT_KNOWN = UNTOLD = "not rated", "not known"
BAND_ORDER = (*BANDS, UNDECIDED, NOT_RATED)
SORTS = {"": "largest change first", "gained": "largest gain first", "lost": "largest loss first"}
_ORDERS = {"": "abs(change) DESC", "gained": "change DESC", "lost": "change"}
_ONE = (
    "SELECT id, any_value(title) AS title, any_value(environment) AS environment, any_value(band) AS band, "
    "any_value(attempts) AS attempts, any_value(passes) AS passes FROM {} WHERE id IS NOT NULL GROUP BY id"
)
_BOTH = (
    "SELECT id, coalesce(first.title, second.title) AS title, coalesce(first.band, ?) AS band, "
    "coalesce(second.band, ?) AS later, first.passes AS p1, first.attempts AS n1, second.passes AS p2, "
    "second.attempts AS n2, second.passes / second.attempts - first.passes / first.attempts AS change "
    "FROM first JOIN second USING (id) WHERE first.attempts > 0 AND second.attempts > 0"
)


@dataclass(frozen=True, slots=True)
class ComparedProblem:
    """A problem with its attempts before (``p1`` of ``n1`` passed) and after, and their Wilson intervals."""

    id: str
    title: str
    band: str
    p1: int
    n1: int
    p2: int
    n2: int
    change: float
    apart: bool  # the two 95% intervals do not touch


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """The problems of one band (by the first measurement): mean pass rates, and the paired difference."""

    name: str
    first: float
    second: float
    test: Paired


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two measurements side by side."""

    groups: list[ComparedGroup]  # all problems, then by band
    moves: dict[str, dict[str, int]]  # band before → band after → problems
    sizes: tuple[int, int, int, int]  # problems of the first, of the second, in both, in both with attempts
    makeup: dict[str, list[tuple[str, int, int]]]  # by what → (value, problems of the first, of the second)


def compare(viewing: Viewing, request: Request) -> Response:
    """Show a comparison, or the choice of what to compare."""
    known = {one.name: one for one in measurements(viewing)}
    asked = request.query_params
    chosen = [known.get(asked.get(name, "")) for name in ("a", "b")]
    context: dict[str, Any] = {"names": list(known), "a": asked.get("a", ""), "b": asked.get("b", ""), "found": None}
    first, second = chosen
    if first and second:
        tables = rates_of(first), rates_of(second)
        sort = asked.get("sort", "") if asked.get("sort", "") in SORTS else ""
        page = asked.get("page", "1")
        number = max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
        found = compared(*tables)
        pages = -(-found.sizes[3] // PAGE) or 1
        number = min(number, pages)
        rows = changed_problems(*tables, sort, (number - 1) * PAGE)
        context |= {
            "found": found, "rows": rows, "titles": _titles(viewing, rows), "page": number,
            "pages": pages, "sort": sort, "sorts": SORTS, "bands": BAND_ORDER, "same": first == second,
            "base": urlencode({"a": first.name, "b": second.name}),
        }  # fmt: skip
    elif asked.get("a") and asked.get("b"):
        missing = next(asked[name] for name, one in zip("ab", chosen, strict=True) if one is None)
        raise RunFolderError(f"{missing} is not in these folders (any more); choose another one")
    return viewing.page(request, "compare.html.j2", **context)


def compared(first: pa.Table, second: pa.Table) -> SideBySide:
    """Compare two tables of ``rates_of``."""
    return _compared(_Held(first), _Held(second))


def changed_problems(first: pa.Table, second: pa.Table, sort: str, start: int) -> list[ComparedProblem]:
    """Return a page of the problems that both measured, in an order of ``SORTS``."""
    rows = _ask(
        first, second,
        f"SELECT id, title, band, p1, n1, p2, n2, change FROM ({_BOTH}) ORDER BY {_ORDERS[sort]}, id LIMIT ? OFFSET ?",
        [NOT_RATED, NOT_RATED, PAGE, start],
    )  # fmt: skip
    return [
        ComparedProblem(id, title, band, p1, n1, p2, n2, change, _apart(p1, n1, p2, n2))
        for id, title, band, p1, n1, p2, n2, change in rows
    ]


def _titles(viewing: Viewing, rows: Sequence[ComparedProblem]) -> dict[str, str]:
    """Return the titles of problems that are in a served data set: ratings have none."""
    searcher = viewing.library.current(0)
    if not searcher or not rows:
        return {}
    places = ", ".join("?" for _ in rows)
    found = searcher.index.ask(
        f"SELECT id, any_value(title) FROM problems WHERE id IN ({places}) GROUP BY id", [row.id for row in rows]
    )
    return {id: title for id, title in found if title}


class _Held:
    """A table by its identity, so that a comparison can be remembered. Tables are remembered by ``rates_of``."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.table is other.table

    def __hash__(self) -> int:
        return id(self.table)


@lru_cache(maxsize=4)
def _compared(one: _Held, other: _Held) -> SideBySide:
    first, second = one.table, other.table
    rows = _ask(
        first, second, f"SELECT band, p1 / n1, p2 / n2 FROM ({_BOTH}) ORDER BY id", [NOT_RATED, NOT_RATED]
    )  # fmt: skip
    groups = [_group("all problems", rows)] if rows else []
    groups += [_group(band, part) for band in BAND_ORDER if (part := [row for row in rows if row[0] == band])]
    moves: dict[str, dict[str, int]] = {}
    for before, after, count in _ask(
        first, second, f"SELECT band, later, count(*) FROM ({_BOTH}) GROUP BY ALL", [NOT_RATED, NOT_RATED]
    ):
        moves.setdefault(before, {})[after] = count
    (sizes,) = _ask(
        first, second,
        "SELECT (SELECT count(*) FROM first), (SELECT count(*) FROM second), count(*) FROM first "
        "JOIN second USING (id)",
    )  # fmt: skip
    makeup = {what: _makeup(first, second, what) for what in ("band", "environment")}
    told = {what: counted for what, counted in makeup.items() if any(value not in UNTOLD for value, _, _ in counted)}
    return SideBySide(groups, moves, (*sizes, len(rows)), told)


def _makeup(first: pa.Table, second: pa.Table, what: str) -> list[tuple[str, int, int]]:
    """Return how many problems each has by band or environment."""
    counted = _ask(
        first, second,
        f"SELECT coalesce({what}, ?), count(*) FILTER (side = 1), count(*) FILTER (side = 2) FROM "
        f"(SELECT {what}, 1 AS side FROM first UNION ALL SELECT {what}, 2 FROM second) GROUP BY ALL",
        [NOT_RATED if what == "band" else NOT_KNOWN],
    )  # fmt: skip
    place = {band: number for number, band in enumerate(BAND_ORDER)}
    return sorted(counted, key=lambda row: (place.get(row[0], 99), row[0]))


def _group(name: str, rows: Sequence[tuple[Any, ...]]) -> ComparedGroup:
    before, after = [row[1] for row in rows], [row[2] for row in rows]
    return ComparedGroup(name, sum(before) / len(rows), sum(after) / len(rows), paired(after, before))


def _apart(p1: int, n1: int, p2: int, n2: int) -> bool:
    (low1, high1), (low2, high2) = wilson_interval(p1, n1), wilson_interval(p2, n2)
    return high1 < low2 or high2 < low1


def _ask(first: pa.Table, second: pa.Table, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Ask a database of its own, which reaches no file."""
    with open_database(None) as database:
        database.register("first_rows", first)
        database.register("second_rows", second)
        made = f"WITH first AS ({_ONE.format('first_rows')}), second AS ({_ONE.format('second_rows')}) {query}"
        return database.execute(made, list(values)).fetchall()
