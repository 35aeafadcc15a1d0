"""HTTP judges: our own server is clean under each protocol; one that is broken on purpose is found."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stepsmith.audit.rewards import http_judges
from stepsmith.core.errors import ConfigError
from stepsmith.judge.pool import JudgePool
from tests.audit.rewards.subjects import checked, short_specimens
from tests.serve.conftest import running

QUICK = ("scale", "numbers", "cheats", "comparison", "parts", "missing tests", "isolation", "evaluation", "state")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pool = JudgePool(1)
    with running(pool, workers=1, time_limit_s=2.0) as served:
        yield f"http://127.0.0.1:{served.port}"
    pool.close()


@pytest.mark.parametrize(
    ("path", "checks"),
    [
        ("/judge", ("scale", "comparison", "missing tests", "isolation")),
        ("/judge/batch", QUICK),
        ("/judge/long-batch", ("scale", "batches", "time limit")),
        ("/run_code", ("scale", "state", "time limit")),
        ("/api/v2/execute", ("scale", "batches", "missing tests")),
    ],
)
def test_our_own_judge_is_clean(
    address: str, path: str, checks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_judges, "TIME_LIMIT_S", 1.0)
    findings, lacking = checked(address + path, checks, short_specimens("stdio"))
    assert [finding.message for finding in findings] == []
    assert {one.check for one in lacking} <= {"broken tests"}


@contextmanager
def broken_judge() -> Iterator[str]:
    """A code-judge that runs programs on the host, and passes what has no expected output, or ends with 0."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_error(404)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wanted, solution = asked.get("expected_output"), asked["solution"]
            try:
                done = subprocess.run(
                    [sys.executable, "-c", solution], input=asked["input"], capture_output=True, text=True, timeout=3
                )
                good = wanted is None or wanted.strip() in done.stdout
            except subprocess.TimeoutExpired:
                good = False
            answer = {"sub_id": "", "success": good, "run_success": True, "cost": 0.0, "reason": ""}
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/judge"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_broken_judge_is_found() -> None:
    checks = ("comparison", "missing tests", "isolation", "time limit", "state")
    with broken_judge() as place:
        findings, _ = checked(place, checks, short_specimens("stdio"))
    assert {finding.kind for finding in findings} >= {
        "loose-comparison",  # it looks for the output inside what is printed
        "no-tests-paid",
        "failed-program-paid",  # the empty text is in every output
        "samples-run-on-host",
        "time-out-not-told",
        "state-leaks",
    }


def test_nobody_at_the_address_is_the_users_mistake() -> None:
    with pytest.raises(ConfigError, match="no judge answers"):
        checked("http://127.0.0.1:9/judge")


@pytest.mark.parametrize(
    ("answer", "says"), [({"error": "too many"}, "too many"), ({"reason": ""}, "without `success`")]
)
def test_an_answer_that_is_no_verdict_is_shown(answer: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        http_judges._judged(answer)
