"""When the judge fails: how often an answer is judged again, and when the judge counts as gone. One rule for all users.

Uses the standard library alone: the reward file for verl contains this module.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

RETRIES = 2  # times an answer is judged again after our own machinery failed on it (IE)
GONE_AFTER = 16  # answers in a row that could not be judged; then the judge counts as gone

T = TypeVar("T")


class JudgeHealth:
    """Asks a judge again after a failure (IE), and counts the answers in a row that could not be judged.

    Threads may share one object. Once the judge counts as ``gone``, nothing is asked twice any more; an answer that is
    judged after all sets the count back to 0.
    """

    def __init__(self, gone_after: int = GONE_AFTER) -> None:
        self._gone_after = gone_after
        self._lock = threading.Lock()
        self._failed_in_a_row = 0

    @property
    def gone(self) -> bool:
        """True if so many answers in a row could not be judged that it is useless to go on."""
        return self._failed_in_a_row >= self._gone_after

    def ask(self, judge: Callable[[], T], failed: Callable[[T], bool], retries: int = RETRIES) -> T:
        """Return what ``judge`` returns, asking up to ``retries`` times more while ``failed`` holds for the result."""
        result = judge()
        for _ in range(retries):
            if not failed(result) or self.gone:
                break
            result = judge()
        self.count(failed=failed(result))
        return result

    def count(self, *, failed: bool) -> None:
        """Count one answer that could, or could not, be judged."""
        with self._lock:
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
