"""The table of all pages: path → handler. ``view/__init__.py`` says how to add one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from stepsmith.view import audits, browse, compare, problem, runs, trying
from stepsmith.view.viewing import Viewing

Handler = Callable[[Viewing, Request], Response | Awaitable[Response]]

PAGES: dict[str, Handler] = {
    "/": browse.browse,
    "/problems": browse.browse,
    "/problems/{id}": problem.show,
    "/problems/{id}/tests": problem.tests,
    "/problems/{id}/tests/{number:int}/{part}": problem.raw_value,
    "/problems/{id}/life": problem.life,
    "/problems/{id}/try": trying.show_try,
    "/problems/{id}/attempt": trying.show_attempt,
    "/attempt": trying.attempt_another,
    "/problems/{id}/findings": audits.findings_of_problem,
    "/compare": compare.compare,
    "/audits": audits.show_audits,
    "/audits/{place:int}/{path:path}": audits.show_audit,
    "/runs": runs.show_runs,
    "/runs/live": runs.follow_runs,
    "/runs/live/{place:int}/{path:path}": runs.follow_run,
    "/runs/{place:int}/{path:path}": runs.show_run,
}
ACTIONS: dict[str, Handler] = {
    "/problems/{id}/try": trying.judge_try,
    "/problems/{id}/attempt": trying.judge_attempt,
    "/audits/{place:int}/{path:path}": audits.decide_finding,
}
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/problems", "Problems"),
    ("/compare", "Compare"),
    ("/audits", "Audits"),
    ("/runs", "Runs"),
)  # path, label
