"""One trace from a seed to its verdicts, by OpenTelemetry. Off unless a caller sets a tracer provider.

The API of OpenTelemetry costs nothing while there is no provider; without the extra ``telemetry`` nothing is imported.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

_INSTALLED = find_spec("opentelemetry") is not None
Attribute = str | int | float | bool


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[None]:
    """Time a block as a span of the current trace, or as the first one of a new trace."""
    if not _INSTALLED:
        yield
        return
    from opentelemetry import trace

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
