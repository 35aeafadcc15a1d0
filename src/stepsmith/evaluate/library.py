"""All benchmarks by name: those of ``benchmarks``, and those whose rows ``verify.formats`` reads."""

import re

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.benchmark import Benchmark
from stepsmith.core.errors import ConfigError
from stepsmith.evaluate.contests import APPS, CODE_CONTESTS, TACO, LiveCodeBench

LIBRARY: dict[str, Benchmark] = {
    **BENCHMARKS,
    **{benchmark.name: benchmark for benchmark in (LiveCodeBench(), CODE_CONTESTS, TACO, APPS)},
}
_LIVECODEBENCH = re.compile(r"livecodebench(?::(\w+))?(?:@([\d-]*)\.\.([\d-]*))?")


def find_benchmark(name: str) -> Benchmark:
    """Return the benchmark of a name; ``livecodebench:release_v6@2024-08-01..2025-05-01`` names a release and a window.

    Raises ``ConfigError`` that lists the names for one that does not exist.
    """
    if name in LIBRARY:
        return LIBRARY[name]
    if found := _LIVECODEBENCH.fullmatch(name):
        return LiveCodeBench(found[1] or "", (found[2] or "", found[3] or ""))
    raise ConfigError(
        f"there is no benchmark {name!r}; there are {', '.join(LIBRARY)}, and releases and windows of LiveCodeBench "
        "as in livecodebench:release_v6@2024-08-01..2025-05-01"
    )
