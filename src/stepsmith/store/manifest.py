"""The manifest of a run: what was made, from what, by which versions; and the hashes to check it by."""

import hashlib
from pathlib import Path

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Record, StageSpend
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.runfolder import MANIFEST


class FileFacts(Record, frozen=True, kw_only=True):
    """Size and digest of a written file; ``rows`` for Parquet."""

    sha256: str
    bytes: int
    rows: int | None = None


class Counts(Record, frozen=True, kw_only=True):
    """What came out. ``rejected`` maps a reason to its count, the ``by_`` tables count accepted problems."""

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


class Spending(Record, frozen=True, kw_only=True):
    """What models were asked for. ``stages``, ``tokens`` and ``usd`` count the completions that the chains used.

    What this run paid can be less (some were remembered from another run) or more (some were lost on the way).
    """

    stages: tuple[StageSpend, ...]
    tokens: int
    usd: float
    tokens_per_accepted: float
    usd_per_accepted: float
    paid_tokens: int
    paid_usd: float
    unsure_tokens: int  # the part of what was paid that is a worst case
    unsure_usd: float


class Manifest(Record, frozen=True, kw_only=True):
    """Written last: its presence says that the run is complete. Holds nothing that depends on the clock."""

    versions: dict[str, str]
    config_id: str
    config: msgspec.Raw  # the resolved configuration, JSON
    seed: int
    teacher: str
    student: str
    isolation: str
    counts: Counts
    spend: Spending | None = None  # None where no model was asked
    files: dict[str, FileFacts]

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` into ``folder``."""
        write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(self, order="deterministic"), indent=2))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished run. Raises ``RunFolderError`` where there is none."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder} holds no finished run ({MANIFEST} is missing); finish it with --resume."
        ) from None
    except msgspec.DecodeError as error:
        raise RunFolderError(f"{folder / MANIFEST} cannot be read: {error}") from None


def file_facts(path: Path, rows: int | None = None) -> FileFacts:
    """Hash a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileFacts(sha256=digest, bytes=path.stat().st_size, rows=rows)
