"""One server of a fleet: addresses, connections and what its refusals mean."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stepsmith.cluster.fleet.member import Attempt, BusyError, LostError, Member, RefusalError
from stepsmith.core.errors import ConfigError


@contextmanager
def answering(status: int, body: bytes = b"{}", **headers: str) -> Iterator[str]:
    """A server that gives every request one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("url", ["localhost:8005", "ftp://host", "http://", ""])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match="is not an address like"):
        Member(url)


@pytest.mark.parametrize(
    ("status", "error"), [(408, BusyError), (429, BusyError), (503, BusyError), (500, LostError), (404, RefusalError)]
)
def test_what_a_status_means(status: int, error: type[Exception]) -> None:
    with answering(status, Retry_After="7") as url:
        member = Member(url)
        with pytest.raises(error):
            member.ask_about()
        member.close()


def test_a_server_of_another_kind_is_refused() -> None:
    with answering(200, b"<html>") as url:
        member = Member(url)
        with pytest.raises(RefusalError, match="not a judge server of this version"):
            member.ask_about()
        member.close()


def test_nobody_there_is_a_lost_request() -> None:
    with pytest.raises(LostError):
        Member("http://127.0.0.1:9").ask_about()


def test_a_cancelled_attempt_ends_at_once() -> None:
    attempt = Attempt()
    attempt.cancel()
    with pytest.raises(LostError):
        attempt.hold(None)
