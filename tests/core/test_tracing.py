"""Spans: nothing without a provider; with one, a trace goes on in another process's name."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from stepsmith.core import tracing
from stepsmith.core.tracing import annotate, continued, current_trace, span, trace_headers


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
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
