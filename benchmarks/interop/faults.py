"""A judge server that goes wrong: a proxy before a real one, on the loopback interface."""

import hashlib
import http.client
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self

Fault = Literal["none", "overloaded", "killed", "slow", "failing"]
SLOW_S = 2.0


class FaultyServer:
    """Passes requests on to the judge at ``port``, with a fault. Use it as a context manager.

    overloaded: each request is refused twice (503). killed: the connection is closed on each request once. slow: each
    answer comes late. failing: IE for a quarter of the programs, chosen by hash, however often they are sent.
    """

    def __init__(self, port: int, fault: Fault) -> None:
        seen: Counter[bytes] = Counter()
        lock = threading.Lock()
        faulty = self
        self.injected = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    seen[body] += 1
                    times = seen[body]
                if fault == "overloaded" and times <= 2:
                    faulty.injected += 1
                    self._answer(503, b'{"error": "busy"}', {"Retry-After": "0"})
                elif fault == "killed" and times <= 1:
                    faulty.injected += 1
                    self.close_connection = True
                elif fault == "failing" and doomed(body):
                    faulty.injected += 1
                    result = {"id": "x", "verdict": "IE", "tests": [], "compile_output": "injected", "isolation": "L3"}
                    self._answer(200, json.dumps({"results": [result]}).encode(), {})
                else:
                    if fault == "slow":
                        faulty.injected += 1
                        time.sleep(SLOW_S)
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
                    connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                    response = connection.getresponse()
                    self._answer(response.status, response.read(), {})

            def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def doomed(body: bytes) -> bool:
    """Whether a request is one of the quarter that always fails."""
    return hashlib.sha256(body).digest()[0] < 64
