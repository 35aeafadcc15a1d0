"""One server of a fleet: its connections, its state, and one request to it."""

import http.client
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from stepsmith.cluster.fleet.about import About
from stepsmith.cluster.fleet.calls import ABOUT_PATH, CALL_PATH, CONTENT_TYPE, FACTS_HEADER, CallAnswer, decode
from stepsmith.core.errors import ConfigError

READ_S = 3700.0  # a little longer than the longest time that a server takes for a request
PROBE_S = 5.0  # for the answer to a question about a server's health
IDLE_S = 300.0  # an idle connection is used again within this time; servers keep it a little longer
SPARE = 1  # requests beyond a server's workers, so that a worker that becomes idle has work at once
PAUSE_S = 1.0  # before a busy server is asked again, if it does not say how long

State = Literal["new", "up", "draining", "down", "foreign"]


class LostError(Exception):
    """The server did not answer: it is down, or the connection broke. Nothing is known about the verdict."""


class BusyError(Exception):
    """The server refuses for now: it is overloaded or stopping. Nothing was judged."""


class ForeignError(Exception):
    """The server is not the one that was compared with the others: its answer does not count."""


class RefusalError(Exception):
    """The server refuses this request for good."""


class Attempt:
    """One request that another thread may cancel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.cancelled = False

    def hold(self, used: socket.socket | None) -> None:
        """Remember the socket that is waited for. Raises ``LostError`` if the attempt is cancelled already."""
        with self._lock:
            self._socket = used
            if self.cancelled:
                raise LostError("cancelled")

    def cancel(self) -> None:
        """End the request: whoever waits for it gets ``LostError``."""
        with self._lock:
            self.cancelled = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class Member:
    """A judge server at ``url``. The fleet's lock guards its state, requests in flight and attempts."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--judge {url!r} is not an address like http://HOST:PORT")
        self._secure, self._host, self._port, self._path = (
            parts.scheme == "https",
            parts.hostname,
            parts.port,
            parts.path,
        )
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        self._lock = threading.Lock()
        self.about: About | None = None
        self.state: State = "new"
        self.why = ""  # what is wrong with it
        self.workers = 1
        self.in_flight = 0
        self.resting_until = 0.0  # it said so by Retry-After
        self.attempts: set[Attempt] = set()

    def ask_about(self) -> About:
        """Return what the server is. Raises ``LostError``, ``BusyError`` or ``RefusalError``."""
        body, _ = self._exchange("GET", ABOUT_PATH, None, Attempt(), PROBE_S)
        try:
            return msgspec.json.decode(body, type=About)
        except msgspec.DecodeError as error:
            raise RefusalError(f"it is not a judge server of this version ({error})") from None

    def check_health(self) -> None:
        """Raise ``LostError`` if the server does not answer, ``BusyError`` if it is stopping, and ``ForeignError``."""
        _, facts = self._exchange("GET", "/health", None, Attempt(), PROBE_S)
        self._compare(facts)

    def call(self, body: bytes, attempt: Attempt, trace: Mapping[str, str]) -> CallAnswer:
        """Send a call and return the answer. Raises the errors of this module."""
        answer, facts = self._exchange("POST", CALL_PATH, body, attempt, READ_S, trace)
        self._compare(facts)
        try:
            return decode(answer, CallAnswer)
        except msgspec.DecodeError as error:
            raise LostError(f"its answer cannot be read ({error})") from None

    def _compare(self, facts: str) -> None:
        if self.about is None or facts != self.about.id:
            raise ForeignError("it was replaced by another one")

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        attempt: Attempt,
        patience_s: float,
        more: Mapping[str, str] = {},
    ) -> tuple[bytes, str]:
        """Send a request, once more on a new connection if an idle one turns out to be closed."""
        headers = {"Content-Type": CONTENT_TYPE, **more}
        if token := os.environ.get("STEPSMITH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        while True:
            connection, used_before = self._connection(patience_s)
            try:
                if connection.sock is None:
                    connection.connect()
                attempt.hold(connection.sock)
                connection.request(method, self._path + path, body, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if used_before and not attempt.cancelled and not isinstance(error, TimeoutError):
                    continue
                raise LostError(f"{type(error).__name__}: {error}".rstrip(": ")) from None
            except BaseException:
                connection.close()
                raise
            with suppress(LostError):  # the answer is here: a cancellation is too late
                attempt.hold(None)
            if response.will_close:
                connection.close()
            else:
                with self._lock:
                    self._idle.append((connection, time.monotonic()))
            self._check(response.status, content, response.getheader("Retry-After"))
            return content, response.getheader(FACTS_HEADER) or ""

    def _connection(self, patience_s: float) -> tuple[http.client.HTTPConnection, bool]:
        """Return an idle connection or a new one, and whether it was used before."""
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                if time.monotonic() - since < IDLE_S and connection.sock is not None:
                    connection.sock.settimeout(patience_s)
                    return connection, True
                connection.close()
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=patience_s), False

    def _check(self, status: int, content: bytes, retry_after: str | None) -> None:
        if status == 200:
            return
        said = f"HTTP {status}: {content[:300].decode('utf-8', 'replace')}"
        if status in (408, 429, 503):
            wait = float(retry_after) if retry_after and retry_after.isdecimal() else PAUSE_S
            self.resting_until = time.monotonic() + wait
            raise BusyError(said)
        if status >= 500:
            raise LostError(said)
        if status == 401:
            raise RefusalError(f"it wants a token: set STEPSMITH_TOKEN ({said})")
        raise RefusalError(said)
