"""Where work that needs a judge runs: in threads of this process, or on a cluster (``stepsmith.cluster``).

The work is a function of a judge and an item. ``in_order`` turns results that come in any order into the order of the
items.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from itertools import islice
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from stepsmith.judge.program import RunningJudge

Item = TypeVar("Item")
Result = TypeVar("Result")


class JudgingExecutor(Protocol):
    """Applies work to items, each with a judge of its own for that time, and yields results as they come."""

    @property
    def at_once(self) -> int:
        """About how many items are under way at the same time."""
        ...

    def map(self, work: Callable[[RunningJudge, Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
        """Yield one result per item, in any order; the first exception of ``work`` ends the iteration.

        Items are taken from the iterator one by one. If it ends while items are under way, it is asked again later.
        """
        ...


class JudgingThreads:
    """Runs ``workers`` items at once in threads of this process, with a judge for each.

    The judges are made before anything starts, so that a machine that cannot judge says so at once, and are closed when
    the iteration ends. Closing the iterator waits for the items that are under way.
    """

    def __init__(self, workers: int, make_judge: Callable[[], RunningJudge]) -> None:
        self.at_once = workers
        self._make_judge = make_judge

    def map(self, work: Callable[[RunningJudge, Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
        """See ``JudgingExecutor``."""
        idle: SimpleQueue[RunningJudge] = SimpleQueue()
        judges: list[RunningJudge] = []

        def one(item: Item) -> Result:
            judge = idle.get()
            try:
                return work(judge, item)
            finally:
                idle.put(judge)

        source = iter(items)
        running: set[Future[Result]] = set()
        threads = ThreadPoolExecutor(self.at_once, thread_name_prefix="judging")
        try:
            for _ in range(self.at_once):
                judges.append(self._make_judge())
                idle.put(judges[-1])
            while True:
                running |= {threads.submit(one, item) for item in islice(source, self.at_once * 2 - len(running))}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            threads.shutdown(cancel_futures=True)
            for judge in judges:
                judge.close()


def in_order(
    executor: JudgingExecutor, work: Callable[[RunningJudge, Item], Result], items: Iterable[Item], ahead: int
) -> Generator[Result, None, None]:
    """Yield the results of ``work`` in the order of the items.

    At most ``ahead`` items per place of the executor wait behind a slow one, so memory does not grow with the items.
    """
    source = _Window(items, ahead * executor.at_once)
    waiting: dict[int, Result] = {}
    with closing(executor.map(_Numbered(work), source)) as results:
        for number, result in results:
            waiting[number] = result
            while source.first in waiting:
                ready = waiting.pop(source.first)
                source.first += 1
                yield ready


class _Window(Generic[Item]):
    """Numbers items, and gives none while too many wait behind ``first``, the next one to be handed out."""

    def __init__(self, items: Iterable[Item], size: int) -> None:
        self.first = 0
        self._source = enumerate(items)
        self._size, self._given = size, 0

    def __iter__(self) -> Iterator[tuple[int, Item]]:
        return self

    def __next__(self) -> tuple[int, Item]:
        if self._given - self.first >= self._size:
            raise StopIteration
        pair = next(self._source)
        self._given += 1
        return pair


class _Numbered(Generic[Item, Result]):
    """Work that hands on the number of its item. A class, so that it can be pickled."""

    def __init__(self, work: Callable[[RunningJudge, Item], Result]) -> None:
        self._work = work

    def __call__(self, judge: RunningJudge, numbered: tuple[int, Item]) -> tuple[int, Result]:
        number, item = numbered
        return number, self._work(judge, item)
