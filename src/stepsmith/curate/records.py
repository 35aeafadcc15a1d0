"""The results of a curation: a record for every problem, and the manifest."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import pyarrow as pa

from stepsmith.core.records import Record
from stepsmith.curate.likeness import Depth
from stepsmith.store.manifest import FileFacts

Reason = Literal["duplicate", "contaminated", "not-selected"]


class CurationRecord(Record, frozen=True, kw_only=True):
    """The decision on one problem. ``reason`` and the fields after it are set for problems that were dropped."""

    id: str
    file: str
    row: int  # in ``file``, from 1
    chain_id: str
    band: str
    decision: Literal["kept", "dropped"]
    reason: Reason | None = None
    depth: Depth | None = None
    match: str | None = None  # the id of the copy that stays, or the item of a benchmark
    score: float | None = None
    evidence: str = ""
    why: str = ""  # why the other copy stays
    linked: tuple[str, ...] = ()  # ids of alike problems of the same chain, which stay too


class SetCounts(Record, frozen=True, kw_only=True):
    """How many problems there were, and how many were kept or dropped for which reason."""

    problems: int
    kept: int
    duplicates: dict[str, int]  # by depth
    contaminated: dict[str, int]  # by depth
    not_selected: int
    bands: dict[str, int]  # of the kept problems
    chains: int
    chains_kept: int
    links: int
    compared: int  # pairs that were compared in full
    judged: int  # pairs of which programs were run


class SourceFile(Record, frozen=True, kw_only=True):
    """A file that was read."""

    path: str
    sha256: str


class CurationManifest(Record, frozen=True, kw_only=True):
    """Written last: a folder with it holds a finished curation. Nothing in it depends on the clock."""

    version: str
    settings: object
    sources: tuple[SourceFile, ...]
    against: tuple[SourceFile, ...] = ()
    counts: SetCounts
    files: dict[str, FileFacts]


RECORD_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("chain_id", pa.string()),
        ("band", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("depth", pa.string()),
        ("match", pa.string()),
        ("score", pa.float64()),
        ("evidence", pa.string()),
        ("why", pa.string()),
        ("linked", pa.list_(pa.string())),
    ]
)


def count_records(records: Sequence[CurationRecord], *, links: int, compared: int, judged: int) -> SetCounts:
    """Count the problems by decision."""
    dropped = Counter((record.reason, str(record.depth)) for record in records if record.reason)
    kept = [record for record in records if record.decision == "kept"]

    def by_depth(wanted: Reason) -> dict[str, int]:
        return {depth: number for (reason, depth), number in sorted(dropped.items()) if reason == wanted}

    return SetCounts(
        problems=len(records),
        kept=len(kept),
        duplicates=by_depth("duplicate"),
        contaminated=by_depth("contaminated"),
        not_selected=dropped["not-selected", "None"],
        bands=dict(sorted(Counter(record.band for record in kept).items())),
        chains=len({record.chain_id for record in records}),
        chains_kept=len({record.chain_id for record in kept}),
        links=links,
        compared=compared,
        judged=judged,
    )
