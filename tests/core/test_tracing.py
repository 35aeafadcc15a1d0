"""Spans: nothing without a provider; with one, a trace goes on in another process's name."""

import gzip
import http.server
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepsmith.core import tracing
from stepsmith.core.errors import ConfigError
from stepsmith.core.tracing import annotate, continued, current_trace, send_traces, span, trace_headers
from stepsmith.pipeline.config import Config, with_changes
from stepsmith.pipeline.synthesis import synthesize


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def test_without_a_provider_there_is_no_trace() -> None:
    with span("chain", index=1):
        annotate(passed=True)
        assert current_trace() == ""
        assert trace_headers() == {}


def test_a_trace_goes_on_where_its_headers_go(spans: InMemorySpanExporter) -> None:
    with span("chain", index=1):
        annotate(passed=True)
        first, headers = current_trace(), trace_headers()
    assert len(first) == 32
    with continued({"traceparent": headers["traceparent"], "host": "x"}), span("serve"):
        assert current_trace() == first
    chain, serve = spans.get_finished_spans()
    assert dict(chain.attributes or {}) == {"index": 1, "passed": True}
    assert serve.parent is not None
    assert serve.parent.span_id == chain.context.span_id


def test_headers_without_a_trace_start_a_new_one(spans: InMemorySpanExporter) -> None:
    with continued({"host": "x"}), span("serve"):
        assert current_trace()
    (found,) = spans.get_finished_spans()
    assert found.parent is None


def test_without_the_extra_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_INSTALLED", False)
    with span("chain"), continued({"traceparent": "x"}):
        annotate(a=1)
        assert (trace_headers(), current_trace()) == ({}, "")


def test_spans_go_to_a_collector(tmp_path: Path) -> None:
    """In a process of its own, because a process has one tracer provider for good."""
    bodies: list[bytes] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            bodies.append(gunzipped(self.rfile.read(int(self.headers["Content-Length"])), self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    code = (
        "import sys; from stepsmith.core.tracing import *; send_traces(sys.argv[1])\n"
        "with span('chain', seed='s'):\n  with span('judge'): pass"
    )
    try:
        subprocess.run([sys.executable, "-c", code, f"http://127.0.0.1:{server.server_address[1]}"], check=True)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    spans = [
        one
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for one in scope.spans
    ]
    assert {one.name for one in spans} == {"chain", "judge"}
    assert len({one.trace_id for one in spans}) == 1


def gunzipped(body: bytes, headers: object) -> bytes:
    return gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body  # type: ignore[attr-defined]


def test_a_wrong_target_is_named() -> None:
    with pytest.raises(ConfigError, match="neither console nor the URL"):
        send_traces("jaeger")


def test_a_chain_is_one_trace_from_the_seed_to_the_verdicts(spans: InMemorySpanExporter, tmp_path: Path) -> None:
    config = with_changes(
        Config(), workers=1, allow_unsafe=None, synth={"chains": 1, "turns": 1, "profile": "micro"}
    )  # fmt: skip
    synthesize(config, tmp_path / "run")
    found = spans.get_finished_spans()
    chains = [one for one in found if one.name == "chain"]
    assert len(chains) == 1
    assert chains[0].attributes is not None
    assert chains[0].attributes["seed"]
    inside = [one for one in found if one.context.trace_id == chains[0].context.trace_id]
    assert {"chain", "propose", "build", "judge"} <= {one.name for one in inside}
    verdicts = {verdict for one in inside if one.name == "judge" for verdict in (one.attributes or {})["verdicts"]}
    assert "AC" in verdicts
