"""One request over the network, through the ``openai`` SDK. The only module that needs the ``llm`` extra.

The SDK's own retries are off: the client retries, because it counts the cost. Bodies are read as bytes up to a limit,
because a server may send anything. Keys come only from the environment variable that the configuration names.
"""

import asyncio
import functools
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping

import httpx2
import openai

from stepsmith.core.errors import ConfigError
from stepsmith.llm.failures import AttemptError, excerpt, quoted, retry_after
from stepsmith.llm.records import ModelSpec
from stepsmith.llm.wire import ChatResponse, ResponseReader, first_text

MAX_BODY = 64 * 2**20  # most bytes of a response; a stream has about 250 per token
MAX_FILE = 2 * 2**30  # most bytes of a batch's results
CONNECT_S = 15.0
NO_KEY = "EMPTY"  # the customary key for servers that need none


class OpenAITransport:
    """Sends requests to one endpoint. Raises ``ConfigError`` when a variable for the key or a header is not set."""

    def __init__(self, spec: ModelSpec) -> None:
        key = _from_environment(spec, spec.key_env) if spec.key_env else NO_KEY
        headers = {
            name: _from_environment(spec, value[1:]) if value.startswith("$") else value
            for name, value in spec.headers.items()
        }
        self._secrets = [key] * bool(spec.key_env) + [headers[n] for n, v in spec.headers.items() if v.startswith("$")]
        self._timeout_s = spec.timeout_s
        hooks: dict[str, list[Callable[..., object]]] = {"response": [_cap_body]}
        if spec.key_header.lower() != "authorization":
            hooks["request"] = [functools.partial(_move_key, spec.key_header, key)]
        self.sdk = openai.AsyncOpenAI(
            api_key=key,
            base_url=spec.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(spec.timeout_s, connect=CONNECT_S),
            # Authorization is explicit, so that OPENAI_CUSTOM_HEADERS cannot put another key in its place.
            default_headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity", **headers},
            default_query=spec.query,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks=hooks),
        )
        # The SDK would also read these from the environment; only OpenAI may get them.
        if self.sdk.base_url.host != "api.openai.com":
            self.sdk.organization = self.sdk.project = None

    async def exchange(self, body: Mapping[str, object], request_id: str) -> tuple[ChatResponse, float]:
        """Send a chat completion; return the response and the seconds until its first byte.

        ``request_id`` is the same for all retries of a request, so that a server that supports Idempotency-Key bills it
        once. Raises ``AttemptError``.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                started = time.monotonic()
                async with self.sdk.chat.completions.with_streaming_response.create(
                    model="", messages=[], extra_body=body, extra_headers={"Idempotency-Key": request_id}
                ) as response:  # extra_body replaces the two: the SDK's types know fewer fields than servers do
                    pieces = response.iter_bytes()
                    first = await anext(pieces, b"")
                    waited = time.monotonic() - started
                    if "event-stream" in response.headers.get("content-type", ""):
                        return await _read_stream(first, pieces), waited
                    return ResponseReader().body(first + b"".join([piece async for piece in pieces])), waited
        except Exception as error:
            raise self.explain(error) from None

    def explain(self, error: Exception) -> AttemptError:
        """Return the failure that an error of the SDK stands for, without the request, which holds the key."""
        if isinstance(error, openai.APIStatusError):
            details = error.body if isinstance(error.body, dict) else {}
            words = (
                first_text(details.get("message")) or excerpt(error.response.content) or error.response.reason_phrase
            )
            return AttemptError(
                f"HTTP {error.status_code}: {self._quoted(words)}",
                status=error.status_code,
                code=first_text(details.get("code"), details.get("type")),
                param=first_text(details.get("param")),
                retry_after_s=retry_after(error.response.headers.get("retry-after")),
            )
        if isinstance(error, AttemptError):
            error.args = (self._quoted(str(error)),)
            return error
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
            return AttemptError(f"no connection: {self._quoted(_words(cause))}", sent=False)
        if isinstance(error, TimeoutError | openai.APITimeoutError) or isinstance(cause, httpx2.TimeoutException):
            return AttemptError(f"no complete response within {self._timeout_s:g} s")
        if isinstance(error, openai.OpenAIError | httpx2.HTTPError):
            return AttemptError(f"the connection broke: {self._quoted(_words(cause or error))}")
        raise error

    async def models(self) -> bytes:
        """Return the body of ``/v1/models``. Raises what the SDK raises; see ``explain``."""
        response = await self.sdk.models.with_raw_response.list()
        return response.content

    async def close(self) -> None:
        """Close the connections."""
        await self.sdk.close()

    def _quoted(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return quoted(words)


def _from_environment(spec: ModelSpec, variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ConfigError(f"models.{spec.name} reads a secret from ${variable}, which is not set; export it")
    return value


def _words(error: BaseException | None) -> str:
    """Return the message of an error; without one, the name of its class."""
    return str(error) or type(error).__name__


async def _read_stream(first: bytes, pieces: AsyncIterator[bytes]) -> ChatResponse:
    reader = ResponseReader()
    line: list[bytes] = []  # pieces of a line that is not complete
    piece = first
    while piece:
        line.append(piece)
        if b"\n" in piece:
            *lines, rest = b"".join(line).split(b"\n")
            for whole in lines:
                reader.event_line(whole)
            line = [rest]
        piece = await anext(pieces, b"")
    reader.event_line(b"".join(line))
    return reader.finish()


class _CappedStream(httpx2.AsyncByteStream):
    """A response body that raises an error after ``limit`` bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for piece in self._stream:
            received += len(piece)
            if received > self._limit:
                raise httpx2.RemoteProtocolError(f"the response is longer than {self._limit} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _move_key(header: str, key: str, request: httpx2.Request) -> None:
    """Send the key in ``header`` only."""
    del request.headers["Authorization"]
    request.headers[header] = key


async def _cap_body(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    is_file = response.request.url.path.endswith("/content")
    response.stream = _CappedStream(response.stream, MAX_FILE if is_file else MAX_BODY)
