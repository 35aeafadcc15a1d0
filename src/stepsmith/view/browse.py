"""The list of problems: search, filters with their counts, order and pages. Its address says everything."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from stepsmith.view.runs import found_runs
from stepsmith.view.search import FACETS, KEPT_ALONE, MOST_VALUES, PAGE, SORTS, ProblemSearch, read_search
from stepsmith.view.searcher import Searcher
from stepsmith.view.viewing import Viewing

COLUMNS = (
    "id, dataset, title, environment, style, turn, reason, features, rate, low, high, passes, attempts, band, tests, "
    "confidence, killed"
)
DEEPEST = 100_000  # problems up to which pages go; beyond them, search or filter


def browse(viewing: Viewing, request: Request) -> Response:
    """Show a page of the list."""
    searcher = viewing.library.current()
    if searcher is None:
        return viewing.page(request, "indexing.html.j2", progress=viewing.library.progress)
    search = read_search(parse_qsl(request.url.query))
    found = searcher.found(search)
    pages = -(-min(found.count, DEEPEST) // PAGE) or 1
    search = search.at(min(search.page, pages))
    first = (search.page - 1) * PAGE
    rows = searcher.rows(search, first, PAGE, COLUMNS)
    for number, row in enumerate(rows, start=first + 1):
        row["link"] = problem_link(searcher, row, search, number)
    answer = viewing.page(
        request,
        "browse.html.j2",
        search=search,
        found=found,
        total=searcher.index.size,
        rows=rows,
        pages=pages,
        facets=FACETS,
        sorts=SORTS,
        most=MOST_VALUES,
        removals=list(_removals(search)),
        faults=searcher.index.faults,
        waiting=any(file.running for file in searcher.index.files) or not searcher.index.files,
        runs=not searcher.index.size and any(True for _ in found_runs(viewing)),
    )
    if "hx-request" in request.headers:
        query = search.query()
        answer.headers["HX-Push-Url"] = f"/problems?{query}" if query else "/problems"
    return answer


def problem_link(searcher: Searcher, row: dict[str, Any], search: ProblemSearch, number: int) -> str:
    """Return the address of the problem of a row, the one of this number (from 1) in a list."""
    own = {"in": row["dataset"]} if len(searcher.index.files) > 2 else {}  # other files may hold the same problem
    query = "&".join(filter(None, [search.query(page=1), urlencode({"at": number, **own})]))
    return f"/problems/{quote(str(row['id']), safe='')}?{query}"


def _removals(search: ProblemSearch) -> list[tuple[str, str]]:
    """Return what narrows the list, as (text, address without it)."""
    found = [(f"“{search.words}”", search.query(words="", page=1))] if search.words else []
    for facet in FACETS:
        values = search.values(facet.name)
        if (facet.name, values) != KEPT_ALONE:
            found += [(f"{facet.label}: {value}", search.without(facet.name, value)) for value in values]
    return found
