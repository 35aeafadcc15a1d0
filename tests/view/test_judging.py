"""The judge behind the pages: one pool, a short queue."""

import pytest

from stepsmith.core.errors import MachineError
from stepsmith.judge.local import LocalJudge
from stepsmith.view.judging import MOST_WAITING, WORKERS, Judging


def test_nothing_starts_before_it_is_needed_and_a_full_queue_refuses(judge: LocalJudge) -> None:
    judging = Judging()
    assert judging._pool is None
    for _ in range(WORKERS + MOST_WAITING):
        assert judging._places.acquire(blocking=False)
    with pytest.raises(MachineError, match="busy"):
        judging.run(lambda lent: lent.isolation)
    assert judging._pool is None
    judging.close()
