"""Try a solution on a problem whose tests are in view, or attempt the problem as its student did: with nothing else."""

import random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stepsmith.core.errors import StepsmithError
from stepsmith.report.chains import stone_of
from stepsmith.view.answers import ASKED, LITERALS, MOST_CHARACTERS, TriedAnswer, languages_for, try_answer
from stepsmith.view.forms import read_form
from stepsmith.view.markup import statement_markup
from stepsmith.view.problem import FoundProblem, find_problem, searcher_of
from stepsmith.view.search import read_search
from stepsmith.view.viewing import Viewing


def show_try(viewing: Viewing, request: Request) -> Response:
    """Show the form for a solution; the answer is not hidden."""
    return viewing.page(request, "try.html.j2", **_asked(find_problem(viewing, request), hidden=False))


def show_attempt(viewing: Viewing, request: Request) -> Response:
    """Show a problem as its student saw it, with the form for an answer."""
    return viewing.page(request, "try.html.j2", **_asked(find_problem(viewing, request), hidden=True))


def attempt_another(viewing: Viewing, request: Request) -> Response:
    """Lead to a problem that is drawn at random from the list that the address describes."""
    searcher = searcher_of(viewing)
    search = read_search(parse_qsl(request.url.query))
    count = searcher.found(search).count
    rows = searcher.rows(search, random.randrange(count), 1, "id") if count else []
    if not rows:
        raise HTTPException(404, "No problem matches this search, so there is none to attempt.")
    return RedirectResponse(f"/problems/{rows[0]['id']}/attempt", 303)


async def judge_try(viewing: Viewing, request: Request) -> Response:
    """Judge a solution and show each test."""
    return await _judged(viewing, request, hidden=False)


async def judge_attempt(viewing: Viewing, request: Request) -> Response:
    """Judge an attempt and show the verdicts only."""
    return await _judged(viewing, request, hidden=True)


async def _judged(viewing: Viewing, request: Request, *, hidden: bool) -> Response:
    form = await read_form(request)
    text, name = form.get("answer", "").replace("\r\n", "\n"), form.get("language", "python")
    found = await run_in_threadpool(find_problem, viewing, request)
    tried = await run_in_threadpool(_try, viewing, found, text, name, hidden)
    asked = _asked(found, hidden=hidden) | {"tried": tried, "answer": text, "chosen": name}
    return viewing.page(request, "tried.html.j2" if "hx-request" in request.headers else "try.html.j2", **asked)


def _try(viewing: Viewing, found: FoundProblem, text: str, name: str, hidden: bool) -> TriedAnswer:
    """Judge an answer. What prevents it is told on the page, and the answer stays in its field."""
    if len(text) > MOST_CHARACTERS:
        return TriedAnswer(None, fault=f"This is too long: at most {MOST_CHARACTERS:,} characters are judged.")
    if name not in languages_for(found.problem):
        return TriedAnswer(None, fault="This language is not available for this problem. Choose another one.")
    try:
        return viewing.judging.run(lambda judge: try_answer(judge, found.problem, text, name, hidden=hidden))
    except StepsmithError as error:
        return TriedAnswer(None, fault=f"It was not judged: {error}.")


def _asked(found: FoundProblem, *, hidden: bool) -> dict[str, Any]:
    problem = found.problem
    query = urlencode({"in": found.file.name})
    return {
        "found": found,
        "problem": problem,
        "hidden": hidden,
        "stone": stone_of({**found.row, "tests": []}),
        "statement": statement_markup(problem.statement),
        "samples": [one for one in problem.examples if one.input.strip() not in problem.statement],
        "languages": languages_for(problem),
        "label": ASKED[problem.environment],
        "form_of_answer": LITERALS.get(problem.environment, ""),
        "most": MOST_CHARACTERS,
        "up": f"/problems/{found.id}?{query}",
        "action": f"/problems/{found.id}/{'attempt' if hidden else 'try'}?{query}",
        "other": f"/problems/{found.id}/{'try' if hidden else 'attempt'}?{query}",
        "tried": None,
        "answer": problem.starter_code if problem.environment == "induction" else "",
        "chosen": "",
    }
