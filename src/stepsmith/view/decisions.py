"""What a reader decided about the findings of an audit: ``decisions.jsonl`` beside the audit, never in its data."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from stepsmith.core.records import Record
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.json_lines import as_lines, read_lines

DECISIONS = "decisions.jsonl"
MOST_NOTE = 2000  # characters
State = Literal["open", "accepted", "dismissed"]
STATES: tuple[State, ...] = get_args(State)
_writing = threading.Lock()


class FindingDecision(Record, frozen=True, kw_only=True):
    """One decision. The last one about a finding holds; the others are its history."""

    finding: str  # id of the finding
    state: State
    note: str = ""  # why, in the reader's words
    time: str = ""  # ISO, UTC


def read_decisions(folder: Path) -> dict[str, FindingDecision]:
    """Return the decision that holds for each finding, by its id. Raises ``StoreError`` for a damaged file."""
    path = folder / DECISIONS
    return {one.finding: one for one in read_lines(path, FindingDecision)} if path.is_file() else {}


def decide(folder: Path, finding: str, state: State, note: str = "") -> FindingDecision:
    """Add a decision to the file of an audit. Raises ``StoreError`` if it cannot be written."""
    made = FindingDecision(
        finding=finding,
        state=state,
        note=note.strip()[:MOST_NOTE],
        time=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    path = folder / DECISIONS
    with _writing:
        before = list(read_lines(path, FindingDecision)) if path.is_file() else []
        write_whole(path, as_lines([*before, made]))
    return made
