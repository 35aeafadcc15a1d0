"""The sandbox workers of one judge: started when needed, replaced when lost."""

from collections.abc import Sequence

from stepsmith.core.errors import MachineError, SandboxError
from stepsmith.judge import packages
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import tool_folders
from stepsmith.sandbox import levels
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker

SOLUTIONS, CHECKERS = "solutions", "checkers"  # checkers hold answers: never in a worker that solutions run in
MOST_PACKAGED = 6  # workers of one role with packages loaded, each with other ones


class WorkerSet:
    """Workers by role, all of one proved isolation level."""

    def __init__(self, isolation: str, allow_unsafe: bool) -> None:
        self._workers: dict[tuple[str, tuple[str, ...]], Worker] = {}
        self.cache = BinaryCache()
        try:
            self.level = self._first(isolation, allow_unsafe)
        except BaseException:
            self.close()
            raise

    def _first(self, isolation: str, allow_unsafe: bool) -> int:
        """Start the first worker; find the level with it."""
        names = ["auto", *(f"L{level}" for level in range(levels.BEST + 1))]
        if isolation not in names:
            raise MachineError(f"unknown isolation {isolation!r}; use one of {', '.join(names)}")
        if isolation == "L0" and not allow_unsafe:
            raise MachineError("isolation L0 does not confine programs; to run them all the same, pass --allow-unsafe")
        wanted = range(_best_known(), 0, -1) if isolation == "auto" else [int(isolation[1:])]
        reasons = []
        for level in wanted:
            try:
                self._workers[SOLUTIONS, ()] = self._start(level, ())
            except SandboxError as error:
                reasons.append(f"L{level}: {error}")
            else:
                if isolation == "auto":
                    _remember_best(level)
                return level
        if allow_unsafe and isolation == "auto":
            self._workers[SOLUTIONS, ()] = self._start(0, ())
            return 0
        raise MachineError(
            f"this machine does not give isolation {isolation} ({'; '.join(reasons)}); "
            "choose another level, or pass --allow-unsafe to run programs without confinement"
        )

    def _start(self, level: int, names: Sequence[str]) -> Worker:
        folders = dict.fromkeys(folder for name in names for folder in packages.folders(name))
        setup = Setup(
            packages=packages.loaded(names),
            package_folders=tuple(folders),
            programs=(*tool_folders(), str(self.cache.prepared)),
            library_folder=str(self.cache.libraries),
        )
        return levels.start(level, setup)

    def worker(self, role: str, names: tuple[str, ...] = ()) -> Worker:
        """Return the worker for a role that has these packages loaded, starting it if need be.

        A fork costs by the memory of its process, so programs without packages have a worker without them.
        Raises ``SandboxError``.
        """
        key = role, names
        worker = self._workers.pop(key, None) or self._start(self.level, names)
        self._workers[key] = worker  # the one used last is the last
        packaged = [key for key in self._workers if key[0] == role and key[1]]
        if len(packaged) > MOST_PACKAGED:
            self._workers.pop(packaged[0]).close()
        return worker

    def drop(self, role: str) -> None:
        """End the workers of a role; new ones are started when asked for."""
        for key in [key for key in self._workers if key[0] == role]:
            self._workers.pop(key).close()

    def kill(self) -> None:
        """Kill all workers, from any thread: whoever waits for one sees it end."""
        for worker in list(self._workers.values()):
            worker.kill()

    def close(self) -> None:
        """End all workers and remove temporary files."""
        self.drop(SOLUTIONS)
        self.drop(CHECKERS)
        self.cache.close()


_best: list[int] = []  # the best level found before in this process


def _best_known() -> int:
    return _best[0] if _best else levels.BEST


def _remember_best(level: int) -> None:
    _best[:] = [level]
