"""The figures of ``/metrics``, in Prometheus's text format."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        prefix = "stepsmith_judge"
        self.requests = Counter(f"{prefix}_requests", "Answered requests", ["path", "status"], registry=self._registry)
        self.seconds = Histogram(
            f"{prefix}_request_seconds", "Seconds from a request to its answer", ["path"],
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self.verdicts = Counter(f"{prefix}_verdicts", "Verdicts given", ["verdict"], registry=self._registry)
        self.refused = Counter(
            f"{prefix}_refused", "Requests refused for lack of room", ["reason"], registry=self._registry
        )
        self.held = Gauge(f"{prefix}_held", "Judgements accepted and not yet answered", registry=self._registry)

    def text(self) -> bytes:
        """Return the figures as Prometheus reads them."""
        return generate_latest(self._registry)
