"""The judge pools of a whole cluster as one judge, for everything that takes a judge: scoring, curation, audits."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from stepsmith.cluster.connection import fetched
from stepsmith.cluster.executor import RayCluster
from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase
from stepsmith.judge.program import Program, ProgramRun

TRIES = 10  # times a judgement is tried where nodes are lost
WAIT_S = 1.0  # between two tries where no node is there


class ClusterJudge:
    """A ``RunningJudge``. A call goes to the pool with the fewest calls, and to another one if that is lost.

    Safe to call from many threads; as many calls are useful at once as the cluster has judges (``workers``).
    """

    def __init__(self, cluster: RayCluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._busy: dict[Any, int] = {}

    @property
    def workers(self) -> int:
        """How many programs are judged at once."""
        with self._lock:
            return max(1, len(self._cluster.actors()))

    @property
    def isolation(self) -> str:
        """Isolation level that was proved on every node."""
        return self._cluster.isolation

    def judge(
        self, solution: Solution, contract: Contract, tests: Sequence[TestCase], *, stop_at_first_failure: bool = False
    ) -> Judgement:
        """See ``Judge``."""
        named = {"stop_at_first_failure": stop_at_first_failure}
        judgement: Judgement = self._ask("judge", (solution, contract, tuple(tests)), named)
        return judgement

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        """See ``Judge``."""
        executions: list[Execution] = self._ask("execute", (solution, contract, tuple(inputs)))
        return executions

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        """See ``Judge``."""
        return bool(self._ask("agree", (contract, input_text, expected, actual)))

    def run_program(self, program: Program) -> ProgramRun:
        """See ``ProgramRunner``."""
        run: ProgramRun = self._ask("run_program", (program,))
        return run

    def close(self) -> None:
        """End the pools and leave the cluster."""
        self._cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, arguments: tuple[Any, ...], named: dict[str, Any] | None = None) -> Any:
        last: Exception = SandboxError("no node of the cluster is there to judge; see `ray status`")
        for _ in range(TRIES):
            actor = self._take()
            if actor is None:
                time.sleep(WAIT_S)
                continue
            try:
                return fetched(self._cluster.ray, actor.ask.remote(method, arguments, named or {}))
            except self._cluster.ray.exceptions.RayActorError as error:
                last = SandboxError(f"a node of the cluster was lost ({type(error).__name__}); see `ray status`")
                with self._lock:
                    self._cluster.lost(actor)
            finally:
                with self._lock:
                    self._busy[actor] -= 1
        raise last

    def _take(self) -> Any:
        """Return the pool with the fewest calls for its size; None if there is none at the moment."""
        with self._lock:
            actors = self._cluster.actors()
            if not actors:
                return None
            chosen = min(dict.fromkeys(actors), key=lambda actor: self._busy.get(actor, 0) / actors.count(actor))
            self._busy[chosen] = self._busy.get(chosen, 0) + 1
            return chosen
