"""The figures of ``/metrics``, in Prometheus's text format."""

import functools

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The figures of one server. Those with labels are functions of the labels, which remember what they return."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        prefix = "stepsmith_judge"
        counters = {
            name: Counter(f"{prefix}_{name}", text, labels, registry=self._registry)
            for name, text, labels in (
                ("requests", "Answered requests", ["path", "status"]),
                ("verdicts", "Verdicts given", ["verdict"]),
                ("refused", "Requests refused for lack of room", ["reason"]),
            )
        }
        self.requests, self.verdicts, self.refused = (functools.cache(one.labels) for one in counters.values())
        seconds = Histogram(
            f"{prefix}_request_seconds", "Seconds from a request to its answer", ["path"],
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self.seconds = functools.cache(seconds.labels)
        self.held = Gauge(f"{prefix}_held", "Judgements accepted and not yet answered", registry=self._registry)

    def text(self) -> bytes:
        """Return the figures as Prometheus reads them."""
        return generate_latest(self._registry)
