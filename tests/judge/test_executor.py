import itertools
import time

import pytest

from stepsmith.judge.executor import JudgingThreads, in_order
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import RunningJudge


class NoJudge:
    """Counts how many are open."""

    open = 0

    def __init__(self) -> None:
        NoJudge.open += 1

    def close(self) -> None:
        NoJudge.open -= 1


def threads(workers: int) -> JudgingThreads:
    return JudgingThreads(workers, NoJudge)  # type: ignore[arg-type]


def first_slow(judge: RunningJudge, item: int) -> int:
    time.sleep(0.2 if item == 0 else 0.001)
    return item * item


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(in_order(threads(3), first_slow, range(30), ahead=4)) == [n * n for n in range(30)]
    assert list(in_order(threads(2), first_slow, [], ahead=1)) == []
    assert NoJudge.open == 0


def test_few_items_wait_behind_a_slow_one() -> None:
    taken = itertools.count()
    results = in_order(threads(2), first_slow, taken, ahead=3)
    assert next(results) == 0
    assert next(taken) <= 8
    results.close()
    assert NoJudge.open == 0


def test_an_error_of_the_work_ends_the_iteration() -> None:
    def fail(judge: RunningJudge, item: int) -> int:
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        list(in_order(threads(1), fail, range(3), ahead=2))
    assert NoJudge.open == 0


def test_each_item_has_a_judge_that_works() -> None:
    levels = list(JudgingThreads(2, LocalJudge).map(lambda judge, _: judge.isolation, range(4)))
    assert len(levels) == 4
    assert len(set(levels)) == 1
