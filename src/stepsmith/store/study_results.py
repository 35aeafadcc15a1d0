"""The files that a study writes: an ``ArmResult`` per arm and seed as JSON lines, and the tables computed from them."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.power_law import PowerLaw
from stepsmith.core.records import Record
from stepsmith.core.stats import Mean, Paired
from stepsmith.store.folder_lock import write_whole

RESULTS, SUMMARY, TABLE = "results.jsonl", "summary.json", "table.md"


class ArmResult(Record, frozen=True, kw_only=True):
    """The result of one arm with one seed."""

    arm: str
    seed: int
    values: dict[str, float]  # by metric
    stages: dict[str, str]  # stage -> name of the folder it ran in
    steps: dict[str, int] = msgspec.field(default_factory=dict)  # stage -> training steps
    seconds: dict[str, float] = msgspec.field(default_factory=dict)  # stage -> wall time; shared stages count in full
    curve: tuple[tuple[int, float], ...] = ()  # (step of the last stage, value of the first metric)
    loss_curve: tuple[tuple[int, float], ...] = ()  # the same for the loss of all held-out problems


class ArmRow(Record, frozen=True, kw_only=True):
    """The row of an arm in the table of a metric."""

    arm: str
    values: dict[int, float]  # by seed
    mean: Mean | None  # None: no seed is finished


class Comparison(Record, frozen=True, kw_only=True):
    """The difference ``arm`` - ``against``, over the seeds that both have."""

    arm: str
    against: str
    paired: Paired
    adjusted_p: float | None = None  # Holm's method, over all comparisons of the metric


class MetricTable(Record, frozen=True, kw_only=True):
    """One metric: a row per arm, and the differences between arms."""

    rows: tuple[ArmRow, ...]
    comparisons: tuple[Comparison, ...]


class FitTable(Record, frozen=True, kw_only=True):
    """A power law through the values of one metric. ``what`` says what is fitted: a loss, or a share of failures."""

    size: str  # what the size is
    metric: str
    what: str
    values: dict[int, dict[float, float]]  # by seed, then by size
    law: PowerLaw


class Summary(Record, frozen=True, kw_only=True):
    """Everything that ``table.md`` and the report page of a study show."""

    name: str
    question: str
    source: str
    reading: str
    seeds: tuple[int, ...]
    arms: dict[str, str]  # name -> description
    metrics: dict[str, MetricTable]
    results: tuple[ArmResult, ...]
    failures: dict[str, str]  # "ARM, seed N" -> why it could not be finished
    fits: tuple[FitTable, ...] = ()


def write_results(folder: Path, results: Iterable[ArmResult]) -> None:
    """Write (or replace) ``results.jsonl``."""
    write_whole(folder / RESULTS, b"".join(msgspec.json.encode(result) + b"\n" for result in results))


def write_summary(folder: Path, summary: Summary) -> None:
    """Write (or replace) ``summary.json``."""
    write_whole(folder / SUMMARY, msgspec.json.format(msgspec.json.encode(summary), indent=1))


def read_summary(folder: Path) -> Summary:
    """Read ``summary.json``. Raises ``StoreError``."""
    try:
        return msgspec.json.decode((folder / SUMMARY).read_bytes(), type=Summary)
    except OSError as error:
        raise StoreError(f"{folder / SUMMARY} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise StoreError(
            f"{folder / SUMMARY} cannot be read: {error}. If an older version wrote it, run "
            f"`stepsmith study` with --resume to write it again."
        ) from None
