"""What a study writes down: a ``Result`` for each arm and seed, one JSON record a line, and the tables made of them."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.records import Record
from stepsmith.core.stats import Mean, Paired
from stepsmith.store.folder_lock import write_whole

RESULTS, SUMMARY, TABLE = "results.jsonl", "summary.json", "table.md"


class Result(Record, frozen=True, kw_only=True):
    """What one arm came to with one seed."""

    arm: str
    seed: int
    values: dict[str, float]  # by outcome
    stages: dict[str, str]  # by stage: the folder it ran in
    steps: dict[str, int] = msgspec.field(default_factory=dict)  # of training, by stage
    seconds: dict[str, float] = msgspec.field(default_factory=dict)  # wall time by stage, what is shared included
    curve: tuple[tuple[int, float], ...] = ()  # the first outcome by step of the last stage


class Row(Record, frozen=True, kw_only=True):
    """An arm in the table of an outcome."""

    arm: str
    values: dict[int, float]  # by seed
    mean: Mean | None  # None: no seed is finished


class Comparison(Record, frozen=True, kw_only=True):
    """An arm less another one, over the seeds that both have."""

    arm: str
    against: str
    paired: Paired
    adjusted_p: float | None = None  # Holm, over the comparisons of the outcome


class Outcome(Record, frozen=True, kw_only=True):
    """One thing that was measured, for every arm."""

    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]


class Summary(Record, frozen=True, kw_only=True):
    """A study's tables: all that its page and ``table.md`` show."""

    name: str
    question: str
    source: str
    reading: str
    seeds: tuple[int, ...]
    arms: dict[str, str]  # what each is
    outcomes: dict[str, Outcome]
    results: tuple[Result, ...]
    failures: dict[str, str]  # why an arm and seed could not be finished


def write_results(folder: Path, results: Iterable[Result]) -> None:
    """Write all results anew."""
    write_whole(folder / RESULTS, b"".join(msgspec.json.encode(result) + b"\n" for result in results))


def write_summary(folder: Path, summary: Summary) -> None:
    """Write the tables as data."""
    write_whole(folder / SUMMARY, msgspec.json.format(msgspec.json.encode(summary), indent=1))


def read_summary(folder: Path) -> Summary:
    """Read the tables of a study. Raises ``StoreError``."""
    try:
        return msgspec.json.decode((folder / SUMMARY).read_bytes(), type=Summary)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"{folder / SUMMARY} cannot be read: {error}") from None


def read_results(folder: Path) -> list[Result]:
    """Read the results of a study. Raises ``StoreError``."""
    try:
        lines = (folder / RESULTS).read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Result) for line in lines]
    except (OSError, msgspec.DecodeError) as error:
        raise StoreError(f"{folder / RESULTS} cannot be read: {error}") from None
