import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app


class Models(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_doctor_says_what_works_and_what_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), Models)
    server.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("GOOD_KEY", "sk-secret")
    monkeypatch.delenv("MISSING_KEY", raising=False)
    config = tmp_path / "c.toml"
    url = f"http://127.0.0.1:{server.server_port}/v1"
    config.write_text(
        f'[models.good]\nbase_url = "{url}"\nmodel = "m"\nkey_env = "GOOD_KEY"\n'
        f'[models.keyless]\nbase_url = "{url}"\nmodel = "m"\nkey_env = "MISSING_KEY"\n'
        '[models.dead]\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    )
    try:
        done = CliRunner().invoke(app, ["doctor", str(config)], env={"COLUMNS": "200"})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert done.exit_code == 0, done.output
    lines = {line.split("  ")[0].strip(): line for line in done.output.splitlines()}
    assert "yes" in lines["endpoint good"]
    assert "MISSING_KEY" in lines["endpoint keyless"]
    assert "does not answer" in lines["endpoint dead"]
    assert "yes" in lines["language python"]
    assert any(f"isolation L{n}" in lines for n in range(4))
    assert server.seen == ["Bearer sk-secret"]  # type: ignore[attr-defined]
    assert "sk-secret" not in done.output
