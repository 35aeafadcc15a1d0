"""Sampling a benchmark from an endpoint: paid for once, and a configured model by its name."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.llm.records import Sampling
from stepsmith.pipeline.config import load_config
from stepsmith.pipeline.evaluating import sample_benchmark
from tests.benchmark_files import HUMANEVAL_ROW, write_rows

REPLY = "```python\ndef total(xs):\n    return sum(xs)\n```"


class Completions(BaseHTTPRequestHandler):
    """Answers every question alike, and keeps the bodies of the requests."""

    bodies: list[dict[str, object]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append(body)
        choices = [
            {"index": k, "finish_reason": "stop", "message": {"role": "assistant", "content": REPLY}}
            for k in range(body.get("n") or 1)
        ]
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        answer = {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": choices,
            "usage": usage,
        }
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("STEPSMITH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Completions, "bodies", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Completions)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1#m"
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_completion_is_paid_for_once(address: str, tmp_path: Path) -> None:
    data = load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", HUMANEVAL_ROW))
    sampling = Sampling(temperature=0.3, max_tokens=99, seed=4)
    found = sample_benchmark(data, address, 2, sampling, load_config(None), tmp_path / "out")
    assert [one.text for one in found.samples["HumanEval/900"]] == [REPLY] * 2
    assert found.asked.sampling == {"n": "2", "temperature": "0.3", "max_tokens": "99", "seed": "4"}
    asked = len(Completions.bodies)
    assert {body.get("temperature") for body in Completions.bodies if "Add up." in str(body)} == {0.3}
    again = sample_benchmark(data, address, 2, sampling, load_config(None), tmp_path / "other")
    assert again.samples == found.samples
    assert len(Completions.bodies) == asked  # from the completion cache
    with pytest.raises(RunFolderError, match="continue it with --resume"):
        sample_benchmark(data, address, 2, sampling, load_config(None), tmp_path / "out")
    assert sample_benchmark(data, address, 2, sampling, load_config(None), tmp_path / "out", resume=True).samples


def test_a_model_that_is_none(tmp_path: Path) -> None:
    data = load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", HUMANEVAL_ROW))
    with pytest.raises(ConfigError, match="holds no policy"):
        sample_benchmark(data, str(tmp_path), 1, Sampling(), load_config(None), tmp_path / "out")
