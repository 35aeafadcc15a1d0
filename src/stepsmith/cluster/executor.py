"""Work on a Ray cluster: an actor with a judge pool on every node, and items that survive the loss of nodes."""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from stepsmith.cluster.connection import connected, fetched
from stepsmith.cluster.facts import NodeFacts, check_alike, differences
from stepsmith.cluster.host import Host
from stepsmith.core.errors import JudgeFailedError, MachineError, SandboxError, StoreError
from stepsmith.judge.program import RunningJudge

Item = TypeVar("Item")
Result = TypeVar("Result")

POOL = 4  # most judges of one actor where items mostly wait for models, and its threads share one Python
START_S = 120.0  # longest wait for the first node
LOOK_EVERY_S = 2.0  # how often lost and new nodes are looked for
PAUSE_S = 20.0  # before a judge pool that did not start, or failed, is started again
END_S = 5.0  # time for the pools to end their processes
TRIES = 4  # times an item is tried if our own machinery fails on it
LOST_IN_A_ROW = 8  # so many lost actors without any result in between end the run
FAILED_IN_A_ROW = 2  # so many failures of one pool and none of the others: it is started anew

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _JudgesPlace:
    """A part of a node's cores, and the actor that serves it at the moment (None: not yet, or lost)."""

    node: str
    address: str
    judges: int
    slots: int
    actor: Any = None
    facts: NodeFacts | None = None  # None: it is starting
    work: str = ""  # key of the work that it was given
    running: int = 0
    failed: int = 0  # in a row
    not_before: float = 0.0


@dataclass(eq=False, slots=True)
class _Try:
    """An item under way."""

    item: Any
    failures: int = 0
    avoid: set[str] = field(default_factory=set)  # nodes where it failed


class RayCluster:
    """Runs work on all nodes of a Ray cluster. A ``JudgingExecutor``; use it as a context manager.

    On every node actors start judges, as many as the node has cores and at most ``workers``, and prove their isolation.
    Nodes that differ in what decides a result are refused with ``MachineError``, as is a cluster without any node that
    can judge. Nodes that join later are used if they are like the others.

    If an actor or a node is lost, its items are run elsewhere. If our own machinery fails on an item (a full disk), it
    is tried on other nodes first. ``at_once`` is how many items are under way where they mostly wait for models; then
    judges share actors. None: one item per judge, each judge in an actor of its own. ``mixed`` takes nodes as they are,
    to look at them.
    """

    def __init__(
        self,
        executor: str,
        workers: int,
        isolation: str = "auto",
        allow_unsafe: bool = False,
        *,
        at_once: int | None = None,
        time_factors: Mapping[str, float] | None = None,
        mixed: bool = False,
    ) -> None:
        self._workers, self._isolation, self._allow_unsafe = workers, isolation, allow_unsafe
        self._wanted, self._time_factors = at_once, dict(time_factors or {})
        self._places: list[_JudgesPlace] = []
        self._starting: dict[Any, _JudgesPlace] = {}
        self._looked = float("-inf")
        self._compared = False  # the nodes of the start are compared together, later ones one by one
        self._why: dict[str, str] = {}  # node -> why its pool did not start
        self._stack = ExitStack()
        self.ray = self._stack.enter_context(connected(executor, workers))
        try:
            self._wait_for_nodes()
            if not mixed:
                self._check()
        except BaseException:
            self.close()
            raise

    @property
    def nodes(self) -> list[NodeFacts]:
        """What each judge pool gives, in the order of addresses."""
        return sorted((place.facts for place in self._places if place.facts), key=lambda facts: facts.address)

    @property
    def unable(self) -> dict[str, str]:
        """Nodes that cannot judge at the moment, and why."""
        return dict(self._why)

    @property
    def isolation(self) -> str:
        """Isolation level that was proved on every node."""
        return self.nodes[0].isolation

    @property
    def at_once(self) -> int:
        """About how many items are under way at the same time."""
        return max(1, sum(place.slots for place in self._places if place.facts))

    def actors(self) -> list[Any]:
        """Return the actors that are ready, once for each of their judges."""
        self._look()
        self._take_started(0.0)
        return [place.actor for place in self._places if place.facts for _ in range(place.judges)]

    def map(self, work: Callable[[RunningJudge, Item], Result], items: Iterable[Item]) -> Generator[Result, None, None]:
        """Yield results as they finish; see ``JudgingExecutor``. Work and items travel by pickle."""
        key = uuid4().hex
        source = iter(items)
        again: deque[_Try] = deque()
        running: dict[Any, tuple[_JudgesPlace, _Try]] = {}
        lost = 0
        try:
            while True:
                self._look()
                for one, place in self._given(again, source):
                    if place.work != key:
                        place.actor.begin.remote(key, work)  # calls of one caller start in order
                        place.work = key
                    running[place.actor.run.remote(key, one.item)] = place, one
                if not running and not again:
                    return
                if not running and not self._starting and all(not place.facts for place in self._places):
                    time.sleep(0.2)  # every node is away; they may come back
                for reference in self._finished(running):
                    place, one = running.pop(reference)
                    place.running -= 1
                    try:
                        result = fetched(self.ray, reference)
                    except (SandboxError, JudgeFailedError, StoreError, OSError) as error:
                        self._failed(place, one, error)
                        again.append(one)
                    except self.ray.exceptions.RayError as error:
                        lost += 1
                        self._lose(place, error)
                        again.append(one)
                        if lost > LOST_IN_A_ROW * max(1, len(self._places)):
                            raise SandboxError(
                                f"actors died {lost} times without a result in between (out of memory?); "
                                "use fewer --workers"
                            ) from None
                    else:
                        lost = place.failed = 0
                        yield result
        finally:
            for reference in running:
                self.ray.cancel(reference)

    def lost(self, actor: Any) -> None:
        """Take note that an actor does not answer any more; its node gets another one."""
        for place in self._places:
            if place.actor == actor:
                self._lose(place, SandboxError("it does not answer"))

    def close(self) -> None:
        """End the actors and leave the cluster."""
        closing = [place.actor.close.remote() for place in self._places if place.facts]
        if closing:
            self.ray.wait(closing, num_returns=len(closing), timeout=END_S)  # they remove their files
        for place in self._places:
            self._end(place)
        self._starting.clear()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _given(self, again: deque[_Try], source: Iterator[Any]) -> Iterator[tuple[_Try, _JudgesPlace]]:
        """Yield items with the places that get them, as long as there are free ones: the emptiest place first."""
        while free := [place for place in self._places if place.facts and place.running < place.slots]:
            one = again.popleft() if again else next((_Try(item) for item in source), None)
            if one is None:
                return
            willing = [place for place in free if place.node not in one.avoid] or free
            place = min(willing, key=lambda place: place.running / place.slots)
            place.running += 1
            yield one, place

    def _finished(self, running: dict[Any, Any]) -> list[Any]:
        """Wait a moment; return the references of items that are finished. Also takes actors that have started."""
        waited = [*running, *self._starting]
        if not waited:
            return []
        if self.ray.wait(waited, num_returns=1, timeout=LOOK_EVERY_S)[0]:
            done, _ = self.ray.wait(waited, num_returns=len(waited), timeout=0)
        else:
            done = []
        for reference in [one for one in done if one in self._starting]:
            self._started(reference)
        return [one for one in done if one in running]

    def _look(self) -> None:
        """Start a pool on every node that has none; forget the nodes that are gone."""
        now = time.monotonic()
        if now - self._looked < LOOK_EVERY_S:
            return
        self._looked = now
        alive = {
            node["NodeID"]: (node["NodeManagerAddress"], int(node["Resources"].get("CPU", 0)))
            for node in self.ray.nodes()
            if node["Alive"]
        }
        for place in [place for place in self._places if place.node not in alive]:
            if place.actor is None and place.running == 0:
                self._places.remove(place)
        known = {place.node for place in self._places}
        for node, (address, cores) in sorted(alive.items()):
            if node not in known:
                left = min(cores, self._workers)
                while left > 0:
                    judges = min(POOL if self._wanted is not None else 1, left)
                    self._places.append(_JudgesPlace(node, f"{address} ({node[:6]})", judges, judges))
                    left -= judges
        if self._wanted is not None:
            total = sum(place.judges for place in self._places)
            for place in self._places:
                if place.actor is None:
                    place.slots = max(place.judges, -(-self._wanted * place.judges // max(1, total)))
        for place in self._places:
            if place.actor is None and place.node in alive and now >= place.not_before:
                self._start(place)

    def _start(self, place: _JudgesPlace) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        place.facts, place.work, place.failed = None, "", 0
        place.actor = (
            self.ray.remote(Host)
            .options(
                num_cpus=place.judges,
                max_concurrency=place.slots + 2,
                scheduling_strategy=NodeAffinitySchedulingStrategy(place.node, soft=False),
            )
            .remote(place.address, place.judges, place.slots, self._isolation, self._allow_unsafe, self._time_factors)
        )
        self._starting[place.actor.facts.remote()] = place

    def _started(self, reference: Any) -> None:
        """Take an actor that has started, if its node is like the others."""
        place = self._starting.pop(reference)
        try:
            facts = fetched(self.ray, reference)
        except Exception as error:  # the pool did not start, or the node is gone
            self._why[place.address] = _said(error)
            self._lose(place, error)
            return
        accepted = [one.facts for one in self._places if one.facts]
        if self._compared and accepted and (unlike := differences([accepted[0], facts])):
            _log.warning("%s joined and is not used: %s", place.address, unlike[0])
            self._end(place)
            place.not_before = float("inf")
            return
        self._why.pop(place.address, None)
        place.facts = facts

    def _wait_for_nodes(self) -> None:
        """Start a pool on every node. Nodes that cannot judge are an error; those that are busy are left for later."""
        until = time.monotonic() + START_S
        self._look()
        while self._starting and time.monotonic() < until:
            self._take_started(LOOK_EVERY_S)
        if not self.nodes and not self._why:
            raise MachineError(
                f"no node gave its cores within {START_S:.0f} s; another job may hold them (see `ray status`)"
            )
        self._compared = True

    def _check(self) -> None:
        """Refuse a cluster in which a node cannot judge, or is unlike the others."""
        for where, why in self._why.items():
            raise MachineError(f"node {where} cannot judge programs: {why}")
        check_alike(self.nodes)

    def _take_started(self, wait_s: float) -> None:
        if self._starting:
            waited = list(self._starting)
            for reference in self.ray.wait(waited, num_returns=1, timeout=wait_s)[0]:
                self._started(reference)

    def _failed(self, place: _JudgesPlace, one: _Try, error: Exception) -> None:
        """Our own machinery failed on an item: try it elsewhere, and start the pool anew if it fails repeatedly."""
        one.failures += 1
        one.avoid.add(place.node)
        if one.failures >= TRIES:
            raise error
        place.failed += 1
        if place.failed >= FAILED_IN_A_ROW and place.actor is not None:
            _log.warning("%s fails (%s); its judge pool is started anew", place.address, _said(error))
            self._end(place)
            place.not_before = time.monotonic() + PAUSE_S

    def _lose(self, place: _JudgesPlace, error: Exception) -> None:
        if place.actor is not None:
            _log.warning("%s is lost (%s); its items run again", place.address, type(error).__name__)
            self._end(place)
            place.not_before = time.monotonic() + (PAUSE_S if place.address in self._why else 0.0)

    def _end(self, place: _JudgesPlace) -> None:
        """End the actor of a place. What still runs there fails, and is tried again."""
        actor, place.actor, place.facts, place.work = place.actor, None, None, ""
        if actor is not None:
            self.ray.kill(actor)


def _said(error: BaseException) -> str:
    """Return the last line of an error from another machine, which is its message."""
    cause = getattr(error, "cause", None)
    text = str(cause if isinstance(cause, Exception) else error).strip()
    return text.splitlines()[-1][:300] if text else type(error).__name__
