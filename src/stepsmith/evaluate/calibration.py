"""How fast this machine is: the official time limits are for a usual one, and are scaled where this one is slower."""

import math

from stepsmith.benchmarks.harness import HarnessRun, HarnessSettings, official_recursion, run_checks
from stepsmith.judge.protocol import Judge

REFERENCE_S = 0.045  # CPU seconds of the workload on a usual core with CPython 3.11
RUNS = 5
STEP = 0.5  # factors are multiples of it, so that small differences of speed do not show
MOST = 8.0

_WORKLOAD = """
def work():
    table, total = {}, 0
    for k in range(400_000):
        total = (total * 31 + k) % 1_000_003
        table[total % 1000] = k
    return sum(table.values()) + len(sorted(str(k) for k in range(20_000)))
work()
"""


def calibrated(judge: Judge) -> HarnessSettings:
    """Measure this machine: the factor on time limits (1 or more), and the recursion limit.

    The fastest of some runs counts, because other programs only make runs slower.
    """
    runs = run_checks(judge, [f"{_WORKLOAD}# {k}" for k in range(RUNS)], "", 60.0, HarnessSettings())
    return HarnessSettings(time_factor=time_factor(runs), recursion_limit=official_recursion(judge))


def time_factor(runs: list[HarnessRun]) -> float:
    """Return the factor from runs of the workload: 1.0 on a usual or faster machine, at most ``MOST``."""
    passed = [run.cpu_s for run in runs if run.status == "passed"]
    if not passed:
        return 1.0
    ratio = min(passed) / REFERENCE_S
    return min(MOST, max(1.0, math.ceil((ratio - 0.25) / STEP) * STEP))
