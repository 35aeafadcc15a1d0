"""Two minutes of ``make endurance``, with start and end: parts are killed, and nothing is lost, wrong or left."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "endurance.py"


@pytest.mark.serial
@pytest.mark.timeout(400)
def test_two_minutes_of_kills() -> None:
    words = ["--minutes", "1.5", "--every", "6", "--chains", "4", "--seed", "7"]
    done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, timeout=380, check=False)
    assert done.stdout.startswith("{"), done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["kills"] >= 10
    assert found["outcomes"]["right"] > 0
    assert done.returncode == 0
