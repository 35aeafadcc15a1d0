"""What all APIs of the server share: the judge, the settings, reading requests and writing answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

import msgspec
from starlette.responses import Response

from stepsmith.judge.program import RunningJudge
from stepsmith.serve.gate import Gate
from stepsmith.serve.metrics import Metrics
from stepsmith.serve.settings import ServerSettings

T = TypeVar("T")
U = TypeVar("U")

LARGE_BODY = 200_000  # bytes


class Serving:
    """The judge of a server, which must be safe to call from several threads, with its settings, gate and metrics."""

    def __init__(self, judge: RunningJudge, settings: ServerSettings) -> None:
        self.judge = judge
        self.settings = settings
        self.metrics = Metrics()
        self.gate = Gate(settings, self.metrics)
        self.facts = ""  # id of what verdicts depend on; set by the app


Handler = Callable[[Serving, bytes], Awaitable[Response]]


class InvalidRequestError(Exception):
    """The request is wrong; it is answered with ``status`` and the reason."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@overload
async def decode(body: bytes, kind: type[T]) -> T: ...


@overload
async def decode(body: bytes, kind: type[T], convert: Callable[[T], U]) -> U: ...


async def decode(body: bytes, kind: type[T], convert: Callable[[T], U] | None = None) -> T | U:
    """Read a request's body; ``convert`` checks it or converts it.

    Raises ``InvalidRequestError`` with what is wrong and where. A large body is read in a thread, so that it holds up
    no other request.
    """

    def read() -> T | U:
        try:
            request = msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, ValueError) as error:
            raise InvalidRequestError(str(error)) from None
        return request if convert is None else convert(request)

    return read() if len(body) < LARGE_BODY else await asyncio.to_thread(read)


_encoder = msgspec.json.Encoder()


def answer(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response; structs are written by field name."""
    return Response(_encoder.encode(content), status, headers, media_type="application/json")


def problem(status: int, message: str, retry_after_s: int | None = None) -> Response:
    """Return an error, with the field names that the clients of all APIs look for."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    return answer({"message": message, "detail": message}, status, headers)


def bounded(value: float | None, default: float, most: float, name: str) -> float:
    """Return the value of a request, or the default. Raises ``InvalidRequestError`` unless it is in (0, ``most``]."""
    asked = default if value is None else value
    if not 0 < asked <= most:
        raise InvalidRequestError(f"{name} must be above 0 and at most {most:g}, got {asked:g}")
    return asked
