"""One trace from a seed to its verdicts, by OpenTelemetry. Off unless a caller sets a tracer provider.

A chain is a trace: the model's completions and the judgements are spans in it, also those on judge servers. The API of
OpenTelemetry costs next to nothing while there is no provider; without the extra ``telemetry`` nothing is imported.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

from stepsmith.core.errors import ConfigError, MachineError

TARGET = "STEPSMITH_TRACE"  # the environment variable that hands --trace on to worker processes

_INSTALLED = find_spec("opentelemetry") is not None
Attribute = str | int | float | bool | list[str]


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[None]:
    """Time a block as a span of the current trace, or as the first one of a new trace."""
    if not _INSTALLED:
        yield
        return
    from opentelemetry import trace

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # nobody listens
        yield
        return
    with trace.get_tracer("stepsmith").start_as_current_span(name, attributes=attributes):
        yield


def annotate(**attributes: Attribute) -> None:
    """Add attributes to the current span."""
    if _INSTALLED:
        from opentelemetry import trace

        trace.get_current_span().set_attributes(attributes)


def trace_headers() -> dict[str, str]:
    """Return the HTTP headers that carry the current trace to another process (W3C trace context); {} without one."""
    headers: dict[str, str] = {}
    if _INSTALLED:
        from opentelemetry.propagate import inject

        inject(headers)
    return headers


@contextmanager
def continued(headers: Mapping[str, str]) -> Iterator[None]:
    """Continue the trace that another process sent along in its HTTP headers."""
    if not _INSTALLED or "traceparent" not in headers:
        yield
        return
    from opentelemetry import context
    from opentelemetry.propagate import extract

    token = context.attach(extract({key: headers[key] for key in ("traceparent", "tracestate") if key in headers}))
    try:
        yield
    finally:
        context.detach(token)


def current_trace() -> str:
    """Return the id of the current trace as 32 hexadecimal digits; "" outside of one."""
    if not _INSTALLED:
        return ""
    from opentelemetry import trace

    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else ""


def send_traces(target: str) -> None:
    """Send spans to ``target``: "console" (stderr), or the URL of an OTLP/HTTP collector. Worker processes do as well.

    Raises ``ConfigError`` for another target, and ``MachineError`` without the extra ``telemetry``.
    """
    if target != "console" and not target.startswith(("http://", "https://")):
        raise ConfigError(f"--trace {target!r} is neither console nor the URL of a collector, such as http://HOST:4318")
    os.environ[TARGET] = target
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
    except ModuleNotFoundError as error:
        raise MachineError(f"--trace needs the package {error.name}; run pip install 'stepsmith[telemetry]'") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "stepsmith"}))
    if target == "console":
        import sys

        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    else:
        exporter = OTLPSpanExporter(endpoint=f"{target.rstrip('/')}/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


def send_traces_as_parent() -> None:
    """In a worker process: send spans where the parent sends them, if it does."""
    if target := os.environ.get(TARGET):
        send_traces(target)
