"""The viewer as an ASGI application: its routes, its static files, and the pages for what goes wrong."""

import inspect
from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stepsmith.core.errors import StepsmithError, UserError
from stepsmith.view.guard import HEADERS, Guard
from stepsmith.view.routes import ACTIONS, NAVIGATION, PAGES, Handler
from stepsmith.view.viewing import Viewing

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_SHARED = {"report.css": ("stepsmith.report", "report.css"), "plots.js": ("stepsmith.report", "plots.js")}

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(viewing: Viewing) -> Starlette:
    """Return the application that serves a viewer."""
    viewing.templates.globals.update(navigation=NAVIGATION)
    routes = [Route("/static/{name:path}", _static, methods=["GET"])]
    routes += [Route(path, _endpoint(viewing, handler), methods=["GET"]) for path, handler in PAGES.items()]
    routes += [Route(path, _endpoint(viewing, handler), methods=["POST"]) for path, handler in ACTIONS.items()]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, settings=viewing.settings)],
        exception_handlers={HTTPException: _missing(viewing), Exception: _failed(viewing)},
    )


def _endpoint(viewing: Viewing, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            if inspect.iscoroutinefunction(handler):
                answer: Response = await handler(viewing, request)
            else:
                answer = await run_in_threadpool(handler, viewing, request)  # type: ignore[arg-type]
        except StepsmithError as error:
            status = 400 if isinstance(error, UserError) else 500
            return viewing.page(request, "trouble.html.j2", status, heading="This cannot be shown", text=str(error))
        return answer

    return endpoint


def _missing(viewing: Viewing) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        told = error.detail if isinstance(error, HTTPException) and error.detail else ""
        text = "There is no such page." if told in ("", "Not Found") else told
        return viewing.page(
            request, "trouble.html.j2", status, heading="Not found" if status == 404 else told, text=text
        )

    return answer


def _failed(viewing: Viewing) -> Callable[[Request, Exception], Response]:
    """Return the page for a fault of our own; uvicorn prints where it was. It is made outside of the guard."""

    def answer(request: Request, error: Exception) -> Response:
        text = f"{type(error).__name__}: {error}. The terminal says more. Other pages may still work."
        page = viewing.page(request, "trouble.html.j2", 500, heading="The viewer has a fault", text=text)
        page.headers.update(HEADERS)
        return page

    return answer


async def _static(request: Request) -> Response:
    name = str(request.path_params["name"])
    if name == "plotly.js":
        return _asset("plotly", "package_data/plotly.min.js", "js")
    package, file = _SHARED.get(name, ("stepsmith.view", name))
    parts = file.split("/")
    if any(part.startswith(".") or part == "" for part in parts) or file.rpartition(".")[2] not in _KINDS:
        raise HTTPException(404)
    return _asset(package, f"assets/{file}", file.rpartition(".")[2])


def _asset(package: str, path: str, kind: str) -> Response:
    asset = files(package).joinpath(*path.split("/"))
    if not asset.is_file():
        raise HTTPException(404)
    return Response(asset.read_bytes(), media_type=_KINDS[kind], headers={"Cache-Control": "no-cache"})
