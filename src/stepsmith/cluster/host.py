"""The actor of a node: it starts and proves the node's judge pool, and runs work with it in threads of its own."""

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from stepsmith.cluster.facts import NodeFacts, gather
from stepsmith.core.errors import SandboxError
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.program import RunningJudge

BEGIN_S = 60.0  # longest wait of an item for its work
Work = Callable[[RunningJudge, Any], Any]


class Host:
    """The judge pool of a node, or of a part of its cores. Ray calls its methods from several threads.

    The self-test is the start of the pool: each judge proves its isolation level by an attack from inside. Raises
    ``MachineError`` and ``SandboxError`` as ``JudgePool`` does; then the actor does not come up.
    """

    def __init__(
        self,
        address: str,
        judges: int,
        threads: int,
        isolation: str,
        allow_unsafe: bool,
        time_factors: Mapping[str, float] | None = None,
    ) -> None:
        self._pool = JudgePool(judges, isolation, allow_unsafe, time_factors=time_factors)
        self._lends = threads <= judges  # otherwise more items than judges are under way, and they share
        self._address, self._judges = address, judges
        self._works: dict[str, Work] = {}
        self._taken = threading.Condition()

    def facts(self) -> NodeFacts:
        """Return what this node gives."""
        return gather(self._address, os.cpu_count() or 1, self._judges, self._pool.isolation)

    def begin(self, key: str, work: Work) -> None:
        """Take the work of a map; the work of earlier maps is dropped."""
        with self._taken:
            self._works = {key: work}
            self._taken.notify_all()

    def run(self, key: str, item: object) -> Any:
        """Do the work on one item. While the item is under way, its judge does nothing else."""
        with self._taken:  # calls of several threads may overtake `begin`
            if not self._taken.wait_for(lambda: key in self._works, BEGIN_S):
                raise SandboxError("the work did not reach this node")
            work = self._works[key]
        if not self._lends:
            return work(self._pool, item)
        with self._pool.lent() as judge:
            return work(judge, item)

    def ask(self, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Call a method of the judge pool."""
        return getattr(self._pool, method)(*arguments, **named)

    def close(self) -> None:
        """End every process of the pool and remove its files."""
        self._pool.close()
