"""The manifest of a run: counts, configuration, versions, and the hashes of the written files."""

import hashlib
from pathlib import Path

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import NO_ANSWER, TRUNCATED, Record, StageSpend
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.runfolder import MANIFEST


class FileFacts(Record, frozen=True, kw_only=True):
    """Size and SHA-256 of a written file; ``rows`` is set for Parquet files."""

    sha256: str
    bytes: int
    rows: int | None = None


class Counts(Record, frozen=True, kw_only=True):
    """The counts of a run. ``rejected`` is by reason; ``by_environment`` and ``by_band`` count accepted problems."""

    chains: int
    proposed: int
    accepted: int
    rejected: dict[str, int]
    by_environment: dict[str, int]
    by_band: dict[str, int]
    judged_programs: int
    executions: int
    accepted_per_proposed: float
    accepted_per_judged_program: float
    executions_per_accepted: float
    attempts: dict[str, int] = msgspec.field(default_factory=dict)  # of the student, by verdict; also none, truncated

    @property
    def unreadable(self) -> float:
        """Share of the student's attempts that have no readable answer or were cut off: they move no difficulty."""
        without = sum(self.attempts.get(name, 0) for name in (NO_ANSWER, TRUNCATED))
        return without / max(1, sum(self.attempts.values()))


class Spending(Record, frozen=True, kw_only=True):
    """The cost of model calls. ``stages``, ``tokens`` and ``usd`` count the completions that the chains used.

    The run itself may have paid less (completions from the cache) or more (completions that were lost).
    """

    stages: tuple[StageSpend, ...]
    tokens: int
    usd: float
    tokens_per_accepted: float
    usd_per_accepted: float
    paid_tokens: int
    paid_usd: float
    unsure_tokens: int  # part of ``paid_tokens`` that is an upper bound: the server did not say
    unsure_usd: float


class Manifest(Record, frozen=True, kw_only=True):
    """Written last: a folder with a manifest holds a complete run. Nothing in it depends on the clock."""

    versions: dict[str, str]
    config_id: str
    config: msgspec.Raw  # the resolved configuration, JSON
    seed: int
    teacher: str
    student: str
    isolation: str
    counts: Counts
    spend: Spending | None = None  # None if no model was asked
    files: dict[str, FileFacts]

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` into ``folder``."""
        write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(self, order="deterministic"), indent=2))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished run. Raises ``RunFolderError`` if there is none."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder} holds no finished run ({MANIFEST} is missing); finish it with --resume"
        ) from None
    except msgspec.DecodeError as error:
        raise RunFolderError(f"{folder / MANIFEST} cannot be read: {error}") from None


def file_facts(path: Path, rows: int | None = None) -> FileFacts:
    """Return size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(sha256=digest, bytes=path.stat().st_size, rows=rows)
