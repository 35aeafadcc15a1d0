"""What the consumers' scripts share. Standard library alone: they run where Stepsmith is not installed.

Each is called with FOLDER (the export), REPLIES (JSON), OUT (JSON) and the judge's address, and writes
``{"verdicts": {reply: true, false or null}, "means": {problem: mean of the group, by the consumer}, "how": text}``.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

JUDGING = 16  # replies under way at once


def arguments() -> tuple[Path, list[dict[str, Any]], Path, str]:
    folder, replies, out, judge_url = sys.argv[1:5]
    return Path(folder), json.loads(Path(replies).read_text()), Path(out), judge_url


def in_threads(
    judge: Callable[[dict[str, Any]], float | None], replies: list[dict[str, Any]]
) -> dict[str, float | None]:
    with ThreadPoolExecutor(JUDGING) as threads:
        return dict(zip([reply["id"] for reply in replies], threads.map(judge, replies), strict=True))


def groups(replies: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for reply in replies:
        found.setdefault(reply["problem"], []).append(reply["id"])
    return found


def write(
    out: Path,
    rewards: dict[str, float | None],
    means: dict[str, float | None],
    how: str,
    members: dict[str, list[str]] | None = None,
    injected: int = 0,
) -> None:
    """``members``: the replies of each group where a reply may be in it twice; ``injected``: faults in this process."""
    verdicts = {name: None if reward is None else reward >= 1.0 for name, reward in rewards.items()}
    out.write_text(
        json.dumps({"verdicts": verdicts, "means": means, "how": how, "members": members, "injected": injected})
    )
