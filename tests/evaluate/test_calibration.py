"""The time factor of machines."""

import pytest

from stepsmith.benchmarks.harness import HarnessRun
from stepsmith.evaluate.calibration import MOST, REFERENCE_S, time_factor


@pytest.mark.parametrize(
    ("slower", "factor"), [((0.3, 9.0), 1.0), ((1.0, 4.0), 1.0), ((1.2,), 1.0), ((1.6, 2.0), 1.5), ((2.2,), 2.0)]
)
def test_the_fastest_run_counts(slower: tuple[float, ...], factor: float) -> None:
    assert time_factor([HarnessRun("passed", cpu_s=REFERENCE_S * by) for by in slower]) == factor


def test_bounds() -> None:
    assert time_factor([]) == 1.0
    assert time_factor([HarnessRun("passed", cpu_s=1000.0)]) == MOST
