"""``--metrics-port`` and ``--metrics-file``: the figures of runs for Prometheus, from what ``progress.json`` holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stepsmith.core.errors import MachineError
from stepsmith.store.progress import WATCHERS, Progress

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LABELS = {  # what the label of a figure is; other figures have none
    "problems": "band", "ratings": "band", "rejections": "reason", "attempts": "verdict", "verdicts": "verdict",
    "stage_tokens": "stage", "pass_at_1": "group",
}  # fmt: skip
COUNTERS = {  # that only grow while a process lives; other figures are gauges
    "problems", "ratings", "rejections", "attempts", "verdicts", "stage_tokens", "proposed", "judged_programs",
    "executions", "chain_seconds",
}  # fmt: skip


class RunMetrics:
    """The newest progress of each kind of run in this process, as Prometheus's client collects it."""

    def __init__(self) -> None:
        self._runs: dict[str, Progress] = {}

    def see(self, progress: Progress) -> None:
        """Take the newest progress of a run."""
        self._runs = {**self._runs, progress.kind: progress}

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for name in ("done", "of", "usd", "limit_usd", "tokens", "limit_tokens", "started", "updated"):
            family = GaugeMetricFamily(f"stepsmith_run_{name}", f"progress.json: {name}", labels=["kind"])
            for kind, progress in self._runs.items():
                if (value := getattr(progress, name)) is not None:
                    family.add_metric([kind], value)
            yield family
        for kind, progress in self._runs.items():
            for name, values in progress.figures.items():
                labels = [LABELS[name]] if name in LABELS else []
                make = CounterMetricFamily if name in COUNTERS else GaugeMetricFamily
                figure = make(f"stepsmith_{kind}_{name}", f"Of a {kind}: {name}", labels=labels)
                for label, value in values.items():
                    figure.add_metric([label] if labels else [], value)
                yield figure


def publish_metrics(port: int | None, file: Path | None) -> None:
    """Serve metrics on a loopback port, write them to a file with every progress, or both.

    Raises ``MachineError`` without the extra ``serve`` and for a port that is taken.
    """
    try:
        from prometheus_client import CollectorRegistry, start_http_server, write_to_textfile
    except ModuleNotFoundError:
        raise MachineError("metrics need the package prometheus_client; run pip install 'stepsmith[serve]'") from None
    metrics = RunMetrics()
    registry = CollectorRegistry()
    registry.register(metrics)
    WATCHERS.append(metrics.see)
    if file is not None:
        if not file.parent.is_dir():
            raise MachineError(f"--metrics-file {file}: its folder does not exist")
        WATCHERS.append(lambda _: write_to_textfile(str(file), registry))
    if port is not None:
        try:
            start_http_server(port, "127.0.0.1", registry)
        except OSError as error:
            raise MachineError(f"--metrics-port {port}: {error.strerror}; choose another one") from None
