"""The server around the judge: what it refuses, what it shows, and how it stops."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from stepsmith.cluster.fleet.calls import CALL_PATH
from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.serve.app import POSTS
from stepsmith.serve.server import listen
from stepsmith.serve.settings import ServerSettings, is_loopback
from tests.serve.conftest import ScriptedJudge, running, wait_for

CASE = {
    "id": 1, "language": "python", "interface": "stdio", "code": "AC", "tests": [{"input": "", "output": ""}],
    "checker": "tokens", "time_limit_s": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("no-such-host.invalid", False)],
)  # fmt: skip
def test_what_counts_as_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_a_public_address_needs_a_token() -> None:
    with pytest.raises(ConfigError, match="--token"):
        listen(ServerSettings(host="0.0.0.0", port=0))
    ServerSettings(host="0.0.0.0", token="secret").check_exposure()


def test_a_taken_port_is_one_clear_line() -> None:
    with listen(ServerSettings(port=0)) as first:
        first.listen()
        with pytest.raises(MachineError, match="another --port"):
            listen(ServerSettings(port=first.getsockname()[1]))


def test_without_the_token_nothing_is_judged(scripted: ScriptedJudge) -> None:
    with running(scripted, token="secret") as address:
        for path in POSTS:
            assert address.post(path, CASE).status == 401
        assert address.post("/v1/judge", CASE, Authorization="Bearer wrong").status == 401
        assert address.get("/metrics").status == 401
        assert address.get("/health").status == 200
        assert address.post("/v1/judge", CASE, Authorization="Bearer secret").json["verdict"] == "AC"
    assert scripted.done == ["AC"]


def test_a_name_that_is_not_ours_is_refused_where_there_is_no_token(scripted: ScriptedJudge) -> None:
    """A page of another site may have a name that is pointed at this machine (DNS rebinding)."""
    with running(scripted) as address:
        for host in (
            "evil.example",
            f"evil.example:{address.port}",
            "localhost.evil.example",
            "",
            "[::1",
            "127.0.0.1.evil",
        ):
            assert address.post("/run", CASE, Host=host).status == 421, host
        for host in (f"localhost:{address.port}", "127.0.0.1", f"[::1]:{address.port}", "LOCALHOST"):
            assert address.get("/health", Host=host).status == 200, host
    assert scripted.done == []
    with running(scripted, token="secret") as address:  # behind a proxy a server has other names
        assert address.get("/status", Host="judge.example", Authorization="Bearer secret").status == 200


def test_requests_that_cannot_be_judged_are_named(scripted: ScriptedJudge) -> None:
    with running(scripted, max_body_mb=0.001) as address:
        assert address.request("POST", "/v1/judge", b"{}", {"Content-Type": "text/plain"}).status == 415
        assert address.request("POST", "/v1/judge", b"{}").status == 415
        assert address.get("/v1/judge").status == 405
        assert address.get("/nowhere").status == 404
        big = address.post("/v1/judge", CASE | {"code": "x" * 2000})
        assert big.status == 413
        assert address.chunked("/v1/judge", [b"x" * 600] * 3).status == 413
        malformed = address.request("POST", "/v1/judge", b"{", {"Content-Type": "application/json"})
        assert malformed.status == 422
        for change, reason in [
            ({"checker": "nope"}, "unknown checker"),
            ({"language": "cobol"}, "unknown language"),
            ({"time_limit_s": 1000}, "time_limit_s"),
            ({"memory_limit_mb": 10**6}, "memory_limit_mb"),
            ({"tests": [{"input": ""}]}, "$.tests[0]"),
            ({"interface": "function"}, "entry_point"),
        ]:
            reply = address.post("/v1/judge", CASE | change)
            assert reply.status == 422
            assert reason in reply.json["message"]
        for body in (b"{", b'{"cases": 1}', b"{}", b"[]"):
            assert address.request("POST", "/v1/judge/batch", body, {"Content-Type": "application/json"}).status == 422
    assert scripted.done == []


def test_a_case_of_a_batch_that_cannot_be_judged_leaves_the_others_alone(scripted: ScriptedJudge) -> None:
    wrong = [
        (CASE | {"checker": "nope"}, "unknown checker"),
        (CASE | {"tests": []}, "no tests"),
        (CASE | {"tests": 7}, "Expected `array`"),
        (CASE | {"time_limit_s": 1000}, "time_limit_s"),
        (CASE | {"checker_flags": "'"}, "No closing quotation"),
        ({"id": "x"}, "missing required field"),
        ([], "Expected `object`"),
    ]
    with running(scripted) as address:
        cases = [case for pair in zip([CASE] * len(wrong), [case for case, _ in wrong], strict=True) for case in pair]
        reply = address.post("/v1/judge/batch", {"cases": cases})
        figures = address.get("/metrics").body.decode()
    assert reply.status == 200
    results = reply.json["results"]
    assert [result["verdict"] for result in results] == ["AC", None] * len(wrong)
    for index, (case, reason) in enumerate(wrong):
        result = results[2 * index + 1]
        assert reason in result["error"]
        assert f"$.cases[{2 * index + 1}]" in result["error"]
        assert result["id"] == (case["id"] if isinstance(case, dict) else None)
    assert all("error" not in result for result in results[::2])
    assert f'stepsmith_judge_verdicts_total{{verdict="none"}} {len(wrong)}.0' in figures


NOTHING_TO_JUDGE_BY = [
    ("/v1/judge", CASE | {"tests": []}, "no tests"),
    ("/judge", {"type": "python", "solution": "AC", "input": ""}, "no expected_output"),
    ("/judge", {"type": "python", "solution": "AC", "expected_output": None}, "no expected_output"),
    (
        "/api/v2/execute",
        {"language": "cf_python3", "version": "*", "files": [
            {"content": "AC"}, {"name": "grader_config", "content": ""}, {"name": "input.txt", "content": ""},
        ]},
        "no correct_output.txt",
    ),
    (
        "/api/v2/execute",
        {"language": "cms_ioi", "version": "*", "files": [
            {"name": "graders/x.cpp", "content": "AC"}, {"name": "graders/x.h", "content": ""},
            {"name": "graders/grader_config.json", "content": '{"task_type": "Batch", "time_limit": 1}'},
        ]},
        "no correct_output.txt",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "reason"), NOTHING_TO_JUDGE_BY, ids=range(len(NOTHING_TO_JUDGE_BY)))
def test_no_tests_is_an_error_of_the_request(
    scripted: ScriptedJudge, path: str, body: dict[str, object], reason: str
) -> None:
    with running(scripted) as address:
        reply = address.post(path, body)
    assert (reply.status, scripted.done) == (400, [])
    assert reason in reply.json["message"]


def test_no_expected_output_in_a_batch_is_an_invalid_submission(scripted: ScriptedJudge) -> None:
    one = {"type": "python", "solution": "AC", "input": "x"}
    batch = {"submissions": [one | {"expected_output": "x"}, one, one | {"expected_output": ""}]}
    with running(scripted) as address:
        judged = address.post("/judge/batch", batch).json["results"]
        run = address.post("/run/batch", {"submissions": [one]}).json["results"]
    assert [(r["success"], r["reason"]) for r in judged] == [(True, ""), (False, "invalid_input"), (False, "")]
    assert [(r["success"], r["reason"]) for r in run] == [(True, "")]  # which judges nothing


def test_a_language_that_is_not_installed_is_no_failure_of_the_program() -> None:
    class Bare(ScriptedJudge):
        def judge(self, *_: object, **__: object) -> NoReturn:
            raise MachineError("rust programs need 'rustc'")

    with running(Bare()) as address:
        alone = address.post("/v1/judge", CASE | {"language": "rust"})
        together = address.post("/v1/judge/batch", {"cases": [CASE | {"language": "rust"}]})
    assert (alone.status, alone.json["message"]) == (400, "rust programs need 'rustc'")
    assert together.json["results"][0]["verdict"] is None


def test_a_body_that_trickles_in_is_given_up(scripted: ScriptedJudge) -> None:
    with (
        running(scripted, body_timeout_s=0.2) as address,
        socket.create_connection(("127.0.0.1", address.port)) as sock,
    ):
        sock.sendall(
            b"POST /v1/judge HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        sock.settimeout(10)
        assert b" 408 " in sock.recv(1000).split(b"\r\n")[0]


def test_a_full_queue_is_said_and_never_a_verdict(scripted: ScriptedJudge) -> None:
    scripted.go.clear()
    with running(scripted, max_queue=2) as address, ThreadPoolExecutor(3) as threads:
        taken = [threads.submit(address.post, "/v1/judge", CASE) for _ in range(2)]
        wait_for(lambda: address.get("/status").json["queue"] == 2)
        for path, body in [
            ("/v1/judge", CASE),
            ("/judge", {"type": "python", "solution": "AC", "expected_output": ""}),
            ("/judge/long-batch", {"type": "batch", "submissions": [{"type": "python", "solution": "AC"}]}),
            ("/run_code", {"code": "AC", "language": "python"}),
            ("/api/v2/execute", {"language": "python", "version": "*", "files": [{"content": "AC"}]}),
        ]:
            refused = address.post(path, body)
            assert refused.status == 429
            assert int(refused.headers["retry-after"]) >= 1
            assert "verdict" not in refused.json
        scripted.go.set()
        assert [future.result().json["verdict"] for future in taken] == ["AC", "AC"]
        assert 'stepsmith_judge_refused_total{reason="queue"} 5.0' in address.get("/metrics").body.decode()


def test_figures_and_description(scripted: ScriptedJudge) -> None:
    with running(scripted, workers=2) as address:
        address.post("/v1/judge", CASE)
        address.post("/v1/judge", CASE | {"code": "IE"})
        figures = address.get("/metrics").body.decode()
        assert 'stepsmith_judge_requests_total{path="/v1/judge",status="200"} 2.0' in figures
        assert 'stepsmith_judge_verdicts_total{verdict="IE"} 1.0' in figures
        health = address.get("/health").json
        assert health == {"status": "ok", "isolation": "L0", "workers": 2, "held": 0}
        assert address.get("/status").json == {"queue": 0, "num_workers": 2}
        assert address.get("/v1/ping").json == "pong"
        document = address.get("/openapi.json").json
        assert set(document["paths"]) == set(POSTS) - {CALL_PATH}, "its messages are not JSON"
        schemas = document["components"]["schemas"]
        assert "time_limit_s" in schemas["Case"]["required"]
        text = json.dumps(document)
        references = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
        assert references <= set(schemas)


def test_stopping_finishes_what_is_under_way_and_takes_nothing_new(scripted: ScriptedJudge) -> None:
    scripted.go.clear()
    with running(scripted) as address, ThreadPoolExecutor(1) as threads:
        kept_alive = socket.create_connection(("127.0.0.1", address.port))
        taken = threads.submit(address.post, "/v1/judge", CASE)
        wait_for(lambda: scripted.running == 1)
        address.server.should_exit = True
        wait_for(lambda: not _connects(address.port))
        assert not taken.done()
        scripted.go.set()
        assert taken.result().json["verdict"] == "AC"
        kept_alive.close()


def test_stopping_gives_back_what_does_not_end_in_time(scripted: ScriptedJudge) -> None:
    scripted.go.clear()
    with running(scripted, grace_s=0.3) as address, ThreadPoolExecutor(1) as threads:
        taken = threads.submit(address.post, "/v1/judge", CASE)
        wait_for(lambda: scripted.running == 1)
        address.server.should_exit = True
        reply = taken.result()
        assert reply.status == 503
        assert "retry-after" in reply.headers
        assert "verdict" not in reply.json


def test_a_client_that_leaves_takes_its_waiting_work_along(scripted: ScriptedJudge) -> None:
    scripted.go.clear()
    body = json.dumps({"cases": [CASE | {"code": f"AC {n}"} for n in range(50)]}).encode()
    with running(scripted) as address:
        sock = socket.create_connection(("127.0.0.1", address.port))
        head = "POST /v1/judge/batch HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(body)}"
        sock.sendall(head.encode() + b"\r\n\r\n" + body)
        wait_for(lambda: scripted.running == 1)
        sock.close()
        wait_for(lambda: address.get("/status").json["queue"] == 0)
        scripted.go.set()
        wait_for(lambda: scripted.running == 0)
    assert len(scripted.done) < 5


def test_many_at_once_keep_every_worker_busy_and_no_more(scripted: ScriptedJudge) -> None:
    scripted.go.clear()
    with running(scripted, workers=3) as address, ThreadPoolExecutor(8) as threads:
        replies = [threads.submit(address.post, "/v1/judge", CASE) for _ in range(8)]
        wait_for(lambda: scripted.running == 3)
        threading.Event().wait(0.05)
        scripted.go.set()
        assert [reply.result().status for reply in replies] == [200] * 8
    assert scripted.most_running == 3


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_large_bodies_are_read_beside_small_ones(scripted: ScriptedJudge) -> None:
    big = CASE | {"tests": [{"input": "x" * 1000, "output": ""}] * 500}
    with running(scripted) as address:
        assert len(address.post("/v1/judge", big).json["tests"]) == 500
        assert address.post("/v1/judge", big | {"checker": "nope"}).status == 422
