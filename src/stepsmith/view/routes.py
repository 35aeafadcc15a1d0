"""The table of all pages: path → handler. ``view/__init__.py`` says how to add one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from stepsmith.view import browse, problem
from stepsmith.view.viewing import Viewing

Handler = Callable[[Viewing, Request], Response | Awaitable[Response]]

PAGES: dict[str, Handler] = {
    "/": browse.browse,
    "/problems": browse.browse,
    "/problems/{id}": problem.show,
    "/problems/{id}/tests": problem.tests,
    "/problems/{id}/tests/{number:int}/{part}": problem.raw_value,
    "/problems/{id}/life": problem.life,
}
ACTIONS: dict[str, Handler] = {}
NAVIGATION: tuple[tuple[str, str], ...] = (("/problems", "Problems"),)  # path, label
