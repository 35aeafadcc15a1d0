"""The server's routes: a table of paths, and what is done for every request before and after its handler."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

import stepsmith
from stepsmith.cluster.fleet.calls import ABOUT_PATH, CALL_PATH, CONTENT_TYPE, FACTS_HEADER
from stepsmith.core.errors import StepsmithError
from stepsmith.core.tracing import continued
from stepsmith.serve import calls, code_judge, metrics, native, piston, sandbox_fusion
from stepsmith.serve.gate import RefusedError
from stepsmith.serve.openapi import document
from stepsmith.serve.serving import Handler, InvalidRequestError, Serving, answer, problem
from stepsmith.serve.settings import LOOPBACK_NAMES, host_name

POSTS: dict[str, Handler] = {
    CALL_PATH: calls.call,
    "/v1/judge": native.judge,
    "/v1/judge/batch": native.judge_batch,
    "/judge": code_judge.judge,
    "/judge/batch": code_judge.judge_batch,
    "/judge/long-batch": code_judge.judge_batch,
    "/run": code_judge.run,
    "/run/batch": code_judge.run_batch,
    "/run/long-batch": code_judge.run_batch,
    "/run_code": sandbox_fusion.run_code,
    "/api/v2/execute": piston.execute,
}
JSON = "application/json"
OPEN = ("/health", "/ping", "/v1/ping")  # paths that need no token

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(serving: Serving) -> ASGIApp:
    """Return the ASGI application that serves a judge."""
    about = calls.about(serving)
    serving.facts = about.id
    gets: dict[str, Callable[[], Response]] = {
        "/": lambda: answer({"stepsmith": stepsmith.__version__, "paths": sorted([*POSTS, *gets])}),
        "/health": lambda: _health(serving),
        ABOUT_PATH: lambda: answer(about),
        "/metrics": lambda: Response(serving.metrics.text(), media_type=metrics.CONTENT_TYPE),
        "/openapi.json": lambda: answer(document({path: one for path, one in POSTS.items() if path != CALL_PATH})),
        "/status": lambda: answer(code_judge.Status(queue=serving.gate.held, num_workers=serving.settings.workers)),
        "/ping": lambda: answer("pong"),
        "/v1/ping": lambda: answer("pong"),
        "/api/v2/runtimes": lambda: answer(piston.runtimes()),
    }
    posts = {path: _Post(serving, path, handler) for path, handler in POSTS.items()}
    routes = [Route(path, post, methods=["POST"]) for path, post in posts.items()]
    routes += [Route(path, _get(serving, path, reply), methods=["GET"]) for path, reply in gets.items()]
    settings = serving.settings
    names = {settings.host.strip("[]").lower(), *LOOPBACK_NAMES}
    app = _Shortcut(Starlette(routes=routes), posts)
    return app if settings.token else _OwnNames(app, names)


class _Shortcut:
    """ASGI application that hands a POST to its path's own application, past the routes, which take longer."""

    def __init__(self, app: ASGIApp, posts: Mapping[str, ASGIApp]) -> None:
        self._app, self._posts = app, posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        post = self._posts.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        await (post or self._app)(scope, receive, send)


class _OwnNames:
    """ASGI middleware for a server without a token: a request must call it by a name of this machine.

    Else a page of another site, whose name is pointed at this machine (DNS rebinding), could have programs run.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = next((value for name, value in scope.get("headers", ()) if name == b"host"), b"")
        ours = scope["type"] != "http" or host_name(host.decode("latin-1")) in self._names
        app = self._app if ours else problem(421, "this name is not the server's; ask 127.0.0.1")
        await app(scope, receive, send)


def _get(serving: Serving, path: str, reply: Callable[[], Response]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if path not in OPEN and not _allowed(serving, request.headers.get("authorization", "")):
            return _unauthorized()
        return reply()

    return endpoint


class _Post:
    """ASGI application of one path: checks the request, has it answered by the path's handler, and counts it."""

    def __init__(self, serving: Serving, path: str, handler: Handler) -> None:
        self._serving, self._path, self._handler = serving, path, handler
        self._content_type = CONTENT_TYPE if path == CALL_PATH else JSON
        self._seconds = serving.metrics.seconds(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}  # the first of a name
        if b"traceparent" in headers:
            with continued(Headers(scope=scope)):
                response = await self._answer(headers, receive)
        else:
            response = await self._answer(headers, receive)
        self._serving.metrics.requests(self._path, response.status_code).inc()
        self._seconds.observe(time.monotonic() - began)
        await response(scope, receive, send)

    async def _answer(self, headers: Mapping[bytes, str], receive: Receive) -> Response:
        serving = self._serving
        if not _allowed(serving, headers.get(b"authorization", "")):
            return _unauthorized()
        if not headers.get(b"content-type", "").startswith(self._content_type):
            return problem(415, f"send the body as {self._content_type}")
        most = int(serving.settings.max_body_mb * 1e6)
        declared = headers.get(b"content-length", "")
        size = int(declared) if declared.isdecimal() else most
        if size > most:
            return problem(413, f"the body is larger than {serving.settings.max_body_mb:g} MB; split it")
        try:
            with serving.gate.hold_bytes(size):
                async with asyncio.timeout(serving.settings.body_timeout_s):
                    body = await _read(receive, most)
                return await serving.gate.finish(self._handler(serving, body), lambda: _left(receive))
        except TimeoutError:
            return problem(408, "the body did not arrive in time")
        except InvalidRequestError as error:
            return problem(error.status, str(error))
        except RefusedError as refusal:
            return problem(refusal.status, str(refusal), refusal.retry_after_s)
        except ClientDisconnect:
            return PlainTextResponse("", 499)
        except StepsmithError as error:
            return problem(500, str(error))


async def _read(receive: Receive, most: int) -> bytes:
    chunks = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise InvalidRequestError("the body is too large; split it", 413)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def _left(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _allowed(serving: Serving, authorization: str) -> bool:
    token = serving.settings.token
    if not token:
        return True
    given = authorization.removeprefix("Bearer ").strip()
    return hmac.compare_digest(given.encode(), token.encode())


def _unauthorized() -> Response:
    return problem(401, "pass the server's token as 'Authorization: Bearer ...'")


def _health(serving: Serving) -> Response:
    stopping = serving.gate.draining
    content = {
        "status": "stopping" if stopping else "ok",
        "isolation": serving.judge.isolation,
        "workers": serving.settings.workers,
        "held": serving.gate.held,
    }
    return answer(content, 503 if stopping else 200, {FACTS_HEADER: serving.facts})
