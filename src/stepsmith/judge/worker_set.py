"""The sandbox workers of one judge: started when needed, replaced when lost."""

import functools
import re
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from stepsmith.core.errors import MachineError, SandboxError
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import tool_folders
from stepsmith.sandbox import levels
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker

# Packages that programs may import, where the judge's own environment has them, each with the packages that it needs
# itself. A fork costs by the memory of its process, so they are loaded in fork servers of their own.
PACKAGES: dict[str, tuple[str, ...]] = {"scipy": ("numpy",), "numpy": (), "cyaron": ("colorful", "xeger")}
_IMPORTS = {name: re.compile(rf"^[ \t]*(?:import|from)[ \t]+{name}\b", re.MULTILINE) for name in PACKAGES}

SOLUTIONS, CHECKERS = "solutions", "checkers"  # checkers hold answers: never in a worker that solutions run in


class WorkerSet:
    """Workers by role, all of one proved isolation level."""

    def __init__(self, isolation: str, allow_unsafe: bool) -> None:
        self._workers: dict[tuple[str, str], Worker] = {}
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
                self._workers[SOLUTIONS, ""] = self._start(level, "")
            except SandboxError as error:
                reasons.append(f"L{level}: {error}")
            else:
                if isolation == "auto":
                    _remember_best(level)
                return level
        if allow_unsafe and isolation == "auto":
            self._workers[SOLUTIONS, ""] = self._start(0, "")
            return 0
        raise MachineError(
            f"this machine does not give isolation {isolation} ({'; '.join(reasons)}); "
            "choose another level, or pass --allow-unsafe to run programs without confinement"
        )

    def _start(self, level: int, package: str) -> Worker:
        setup = Setup(
            packages=(package,) if package else (),
            package_folders=tuple(package_folders(package)) if package else (),
            programs=(*tool_folders(), str(self.cache.prepared)),
            library_folder=str(self.cache.libraries),
        )
        return levels.start(level, setup)

    def worker(self, role: str, code: str = "") -> Worker:
        """Return the worker for a role and a Python program, starting it if need be. Raises ``SandboxError``."""
        key = role, _package(code)
        if key not in self._workers:
            self._workers[key] = self._start(self.level, key[1])
        return self._workers[key]

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


def _package(code: str) -> str:
    return next(
        (name for name, pattern in _IMPORTS.items() if name in code and pattern.search(code) and package_folders(name)),
        "",
    )


@functools.cache
def package_folders(name: str) -> Sequence[str]:
    """Return the folders that hold a package and its libraries; none where it is not installed."""
    folders: list[str] = []
    for part in (name, *PACKAGES.get(name, ())):
        spec = PathFinder.find_spec(part)  # not what is loaded here: some packages hide their specification then
        if spec is None or not spec.submodule_search_locations:
            return ()
        folder = Path(next(iter(spec.submodule_search_locations)))
        libraries = folder.parent / f"{part}.libs"
        folders += [str(folder), *([str(libraries)] if libraries.is_dir() else [])]
    return tuple(folders)


_best: list[int] = []  # the best level found before in this process


def _best_known() -> int:
    return _best[0] if _best else levels.BEST


def _remember_best(level: int) -> None:
    _best[:] = [level]
