"""A search as the address of a list says it, and the filters and orders that there are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlencode

from stepsmith.core.records import BANDS, UNDECIDED

PAGE = 50  # problems on a page
MOST_VALUES = 12  # values of a filter that are shown before "more"
LONGEST_QUERY = 400  # characters
KEPT_ALONE = ("state", ("kept",))  # the state that a list shows when its address names none


class Facet(NamedTuple):
    """A filter. ``value`` is its SQL; a list stands for several values.

    ``order`` are its values in a natural order; the others follow by count.
    """

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
    Facet("student", "Student", "students"),
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

    @property
    def student(self) -> str:
        """The student whose ratings are shown, where one alone is chosen; else "": those of the data set."""
        chosen = self.values("student")
        return chosen[0] if len(chosen) == 1 else ""

    def choosing(self, facet: str, value: str) -> "ProblemSearch":
        """Return this search with one value of a filter alone."""
        return replace(self, chosen=(*self.leaving_out(facet).chosen, (facet, (value,))))

    def leaving_out(self, facet: str) -> "ProblemSearch":
        """Return this search without one filter."""
        return replace(self, chosen=tuple(pair for pair in self.chosen if pair[0] != facet))

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
