"""The page of one problem: statement, tests, programs, life, and its chain as a path of stepping stones."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from stepsmith.core.errors import StepsmithError
from stepsmith.core.records import Problem, TestCase, WrongSolution
from stepsmith.report.chains import Stone, ladder_of, related_stones, stone_of
from stepsmith.report.life import life_in
from stepsmith.report.story import life_story
from stepsmith.report.text import VALUE_LIMIT, code_html, difference_html, value_html
from stepsmith.store.dataset import Row, row_problem
from stepsmith.view.browse import problem_link
from stepsmith.view.markup import prose_difference, statement_markup
from stepsmith.view.places import ProblemFile
from stepsmith.view.reading import changed, read_row
from stepsmith.view.search import PAGE, read_search
from stepsmith.view.searcher import Searcher
from stepsmith.view.viewing import Viewing

TESTS = 20  # on a page of tests
MOST_STONES = 40  # of a chain that are drawn


@dataclass(frozen=True, slots=True)
class FoundProblem:
    """A problem with its place in the files."""

    id: str
    file: ProblemFile
    row: Row
    problem: Problem


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test as a table shows it; ``cut`` is true if the raw values hold more. ``kills`` counts wrong programs."""

    __test__ = False  # not a pytest class

    number: int
    test: TestCase
    input: Markup
    output: Markup
    cut: bool
    kills: int


@dataclass(frozen=True, slots=True)
class KilledProgram:
    """A wrong program: its difference from the golden one (or all of it), and the test that kills it."""

    wrong: WrongSolution
    shown: Markup
    number: int | None  # of the test, from 1
    page: int  # of tests that holds it


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A problem of a chain, and the address of its page."""

    stone: Stone
    link: str


def show(viewing: Viewing, request: Request) -> Response:
    """Show a problem."""
    searcher = searcher_of(viewing)
    found = find_problem(viewing, request)
    problem = found.problem
    return viewing.page(
        request,
        "problem.html.j2",
        found=found,
        problem=problem,
        stone=stone_of({**found.row, "tests": []}),
        statement=statement_markup(problem.statement),
        samples=[one for one in problem.examples if one.input.strip() not in problem.statement],
        golden=code_html(problem.golden.code, problem.golden.language),
        starter=code_html(problem.starter_code, problem.golden.language),
        validator=code_html(problem.validator, "python"),
        wrong=_wrong_programs(problem),
        kinds=Counter(test.kind for test in problem.tests),
        **(_neighbours(searcher, request) | _tests(found, request) | _path(searcher, found)),
    )


def tests(viewing: Viewing, request: Request) -> Response:
    """Show a page of a problem's tests: the part of the page, for htmx."""
    found = find_problem(viewing, request)
    shown = _tests(found, request)
    return viewing.page(request, "tests.html.j2", found=found, problem=found.problem, **shown)


def raw_value(viewing: Viewing, request: Request) -> Response:
    """Send the input or the output of a test, whole, as text."""
    problem = find_problem(viewing, request).problem
    number, part = int(request.path_params["number"]), request.path_params["part"]
    if not 1 <= number <= len(problem.tests) or part not in ("input", "output"):
        raise HTTPException(404, f"This problem has tests 1 to {len(problem.tests)}, with input and output.")
    return PlainTextResponse(getattr(problem.tests[number - 1], part))


def life(viewing: Viewing, request: Request) -> Response:
    """Tell the life of a problem: where it comes from, and what became of it."""
    found = find_problem(viewing, request)
    try:
        told = life_in(found.file.path, found.row, viewing.places.named)
        stations = list(life_story(told))
        fault = ""
    except (StepsmithError, OSError) as error:  # of a file beside the data
        stations, fault = [], str(error)
    return viewing.page(request, "life.html.j2", found=found, stations=stations, fault=fault)


def searcher_of(viewing: Viewing) -> Searcher:
    """Return what answers searches. Raises ``HTTPException`` (503) while the first index is being built."""
    searcher = viewing.library.current(5)
    if searcher is None:
        raise HTTPException(503, "The problems are still being read. Open the list to see how far it is.")
    return searcher


def find_problem(viewing: Viewing, request: Request) -> FoundProblem:
    """Return the problem whose id is in the path; of several copies, the one in the file that ``in`` names.

    Raises ``HTTPException`` (404) for an unknown id, ``RunFolderError`` and ``StoreError`` for files that have changed.
    """
    searcher = searcher_of(viewing)
    id = str(request.path_params["id"])
    rows = searcher.index.ask("SELECT file, place FROM problems WHERE id = ? ORDER BY row", [id])
    if not rows:
        raise HTTPException(404, f"No problem here has the id {id}. It may have been in a file that is gone.")
    wanted = request.query_params.get("in", "")
    file, place = next((pair for pair in rows if searcher.index.files[pair[0]].name == wanted), rows[0])
    row = read_row(searcher.index.files[file], place)
    if row["id"] != id:
        raise changed(searcher.index.files[file])
    return FoundProblem(id, searcher.index.files[file], row, row_problem(row))


def _tests(found: FoundProblem, request: Request) -> dict[str, Any]:
    problem = found.problem
    kills = Counter(wrong.killed_by for wrong in problem.wrong)
    pages = -(-len(problem.tests) // TESTS) or 1
    asked = request.query_params.get("tests", "1")
    page = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdecimal() and len(asked) < 8 else 1
    first = (page - 1) * TESTS
    lines = [
        TestLine(
            number=number + 1,
            test=test,
            input=value_html(test.input),
            output=value_html(test.output),
            cut=max(len(test.input), len(test.output)) > VALUE_LIMIT,
            kills=kills[number],
        )
        for number, test in enumerate(problem.tests[first : first + TESTS], start=first)
    ]
    return {"tests": lines, "page": page, "pages": pages}


def _wrong_programs(problem: Problem) -> list[KilledProgram]:
    golden = problem.golden
    programs = []
    for wrong in problem.wrong:
        solution = wrong.solution
        shown = difference_html(golden.code, solution.code) if solution.language == golden.language else None
        known = 0 <= wrong.killed_by < len(problem.tests)
        programs.append(
            KilledProgram(
                wrong=wrong,
                shown=shown or code_html(solution.code, solution.language),
                number=wrong.killed_by + 1 if known else None,
                page=wrong.killed_by // TESTS + 1,
            )
        )
    return programs


def _neighbours(searcher: Searcher, request: Request) -> dict[str, Any]:
    """Return the addresses of the list and of the problems before and after this one in it."""
    pairs = parse_qsl(request.url.query)
    search = read_search(pairs)
    at = next((value for name, value in pairs if name == "at"), "")
    number = int(at) if at.isascii() and at.isdecimal() and len(at) < 9 else 0
    links: dict[str, Any] = {"up": f"/problems?{search.query(page=max(0, number - 1) // PAGE + 1)}", "at": number}
    for name, place in (("previous", number - 1), ("next", number + 1)):
        rows = searcher.rows(search, place - 1, 1, "id, dataset") if number and place else []
        links[name] = problem_link(searcher, rows[0], search, place) if rows else ""
    links["count"] = searcher.found(search).count if number else 0
    return links


def _path(searcher: Searcher, found: FoundProblem) -> dict[str, Any]:
    """Return the chain of a problem: its stones, their plot and addresses, and what this turn changed."""
    steps = chain_steps(searcher, found)
    stones = [step.stone for step in steps]
    lineage = found.problem.lineage
    here = next(
        (k for k, stone in enumerate(stones) if (stone.id, stone.problem.lineage.turn) == (found.id, lineage.turn)), -1
    )
    parent = next((stone for stone in stones if stone.id == lineage.parent_id), None)
    return {
        "steps": steps,
        "ladder": ladder_of(stones),
        "here": here,
        "parent": parent,
        "changes": changes(parent.problem, found.problem) if parent else {},
    }


def chain_steps(searcher: Searcher, found: FoundProblem) -> list[ChainStep]:
    """Return the problems of the same chain and folder, in the order of their turns."""
    rows = searcher.index.ask(
        "SELECT file, place, id FROM problems WHERE chain = ? ORDER BY turn, row LIMIT ?",
        [found.problem.lineage.chain_id, 4 * MOST_STONES],
    )
    names: dict[tuple[str, int], str] = {}
    stones: list[Stone] = []
    for number, place, id in rows:
        file = searcher.index.files[number]
        if file.path.parent != found.file.path.parent or len(stones) >= MOST_STONES:
            continue
        try:
            row = found.row if id == found.id and file == found.file else read_row(file, place)
            stone = stone_of({**row, "tests": []})
        except StepsmithError:  # one that cannot be read is left out of the path; its own page says why
            continue
        names[stone.id, stone.problem.lineage.turn] = file.name
        stones.append(stone)
    return [
        ChainStep(
            stone,
            f"/problems/{quote(stone.id, safe='')}?{urlencode({'in': names[stone.id, stone.problem.lineage.turn]})}",
        )
        for stone in related_stones(stones)
    ]


def changes(before: Problem, after: Problem) -> dict[str, Markup]:
    """Return what changed between two turns, by part; a part that did not change is left out."""
    parts = {"Statement": prose_difference(before.statement, after.statement)}
    old, new = before.golden, after.golden
    if old.code != new.code:
        parts["Program"] = difference_html(old.code, new.code) or Markup(
            '<p class="muted">The program was written anew; both stand on the pages of their problems.</p>'
        )
    return {name: shown for name, shown in parts.items() if shown}
