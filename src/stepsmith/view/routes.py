"""The table of all pages: path → handler. ``view/__init__.py`` says how to add one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from stepsmith.view import browse
from stepsmith.view.viewing import Viewing

Handler = Callable[[Viewing, Request], Response | Awaitable[Response]]

PAGES: dict[str, Handler] = {
    "/": browse.browse,
    "/problems": browse.browse,
}
ACTIONS: dict[str, Handler] = {}
NAVIGATION: tuple[tuple[str, str], ...] = (("/problems", "Problems"),)  # path, label
