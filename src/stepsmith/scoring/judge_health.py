"""The rule for a failing judge: how many times an answer is judged again, and when to give up.

It uses only the standard library, because the reward file for verl contains this module.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

RETRIES = 2  # how many times an answer is judged again after our own machinery failed on it (IE)
GONE_AFTER = 16  # after so many answers in a row that could not be judged, the judge counts as gone

T = TypeVar("T")


class JudgeHealth:
    """Asks a judge again after a failure (IE), and counts the answers in a row that could not be judged.

    Threads may share one object. When the judge counts as ``gone``, nothing is judged again any more. An answer that
    can be judged sets the count back to 0.
    """

    def __init__(self, gone_after: int = GONE_AFTER) -> None:
        self._gone_after = gone_after
        self._lock = threading.Lock()
        self._failed_in_a_row = 0

    @property
    def gone(self) -> bool:
        """True if ``gone_after`` answers in a row could not be judged."""
        return self._failed_in_a_row >= self._gone_after

    def ask(self, judge: Callable[[], T], failed: Callable[[T], bool], retries: int = RETRIES) -> T:
        """Return the result of ``judge``; call it again, up to ``retries`` times, while ``failed`` is true for it."""
        result = judge()
        for _ in range(retries):
            if not failed(result) or self.gone:
                break
            result = judge()
        self.count(failed=failed(result))
        return result

    def count(self, *, failed: bool) -> None:
        """Count one answer: ``failed`` says that it could not be judged."""
        with self._lock:
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
