"""``stepsmith doctor``: what works on this machine, and which models really answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app
from tests.llm.hostile_provider import HostileProvider


def checked(tmp_path: Path, models: str) -> dict[str, str]:
    """What doctor says of each thing, on one line."""
    (tmp_path / "c.toml").write_text(models)
    done = CliRunner().invoke(app, ["doctor", str(tmp_path / "c.toml")], env={"COLUMNS": "600"})
    assert done.exit_code == 0, done.output
    assert "sk-secret" not in done.output
    return {line.split("  ")[0].strip(): line for line in done.output.splitlines()}


def model(name: str, url: str, more: str = "") -> str:
    return f'[models.{name}]\nbase_url = "{url}"\nmodel = "m"\nsampling = {{max_tokens = 50}}\n{more}\n'


def test_doctor_says_what_works_and_what_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOD_KEY", "sk-secret")
    monkeypatch.setenv("BAD_KEY", "sk-secret2")
    monkeypatch.delenv("MISSING_KEY", raising=False)
    with HostileProvider(key="sk-secret", reply=lambda prompt: "OK") as provider:
        lines = checked(
            tmp_path,
            model("good", provider.url, 'key_env = "GOOD_KEY"')
            + model("wrong", provider.url, 'key_env = "BAD_KEY"')
            + model("keyless", provider.url, 'key_env = "MISSING_KEY"')
            + model("dead", "http://127.0.0.1:9/v1"),
        )
        assert (provider.requests, len(provider.bills)) == (1, 1)
    assert " yes " in lines["endpoint good"]
    assert "hostile-1 answered" in lines["endpoint good"]
    for name, said in (("wrong", "BAD_KEY is not accepted"), ("keyless", "MISSING_KEY"), ("dead", "no connection")):
        assert " no " in lines[f"endpoint {name}"]
        assert said in lines[f"endpoint {name}"]
    assert "yes" in lines["language python"]
    assert any(f"isolation L{n}" in lines for n in range(4))
    assert "packages" in lines


@contextmanager
def answering(status: int, kind: str, body: bytes) -> Iterator[str]:
    """A server that gives every request the same answer; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


NO_TEXT = b'{"model": "m", "choices": [{"message": {"content": null}, "finish_reason": "length"}]}'


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (200, "text/html", b"<html><title>Sign in</title></html>", "a web page (Sign in)"),
        (200, "application/json", b"{}", "the response has no choices"),
        (200, "application/json", b'{"data": [{"id": "m"}]}', "the response has no choices"),
        (200, "text/event-stream", b'{"error": {"message": "out of memory", "code": 507}}', "out of memory"),
        (200, "application/json", NO_TEXT, "no text (finish_reason 'length'); check max_tokens"),
        (404, "application/json", b'{"error": {"message": "model not found"}}', "model not found"),
        (400, "application/json", b'{"error": {"message": "top_k is unknown"}}', "models.bad.sampling.top_k"),
        (501, "text/html", b"<html><body>Unsupported method</body></html>", "Unsupported method"),
    ],
)
def test_only_a_real_completion_is_a_yes(tmp_path: Path, status: int, kind: str, body: bytes, said: str) -> None:
    with answering(status, kind, body) as url:
        lines = checked(tmp_path, model("bad", url, "stream = false\nretries = {attempts = 9}"))
    assert " no " in lines["endpoint bad"], lines
    assert said in lines["endpoint bad"]


@pytest.mark.serial
def test_a_server_that_is_silent_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsmith.cli.doctor.ENDPOINT_TIMEOUT_S", 0.2)
    with HostileProvider(work_s=30.0) as provider:
        started = time.monotonic()
        lines = checked(tmp_path, model("slow", provider.url))
        assert time.monotonic() - started < 20
        assert provider.requests == 2
    assert "no complete response within 0.2 s" in lines["endpoint slow"]
