"""Programs in the harness end as under the official one; odd programs of each kind."""

import pytest

from stepsmith.benchmarks.harness import RECURSION, HarnessSettings, official_recursion, run_checks
from stepsmith.judge.local import LocalJudge

# answer -> status, and the start of the text
CASES: dict[str, tuple[str, str]] = {
    "print('x' * 100)": ("passed", ""),
    "import sys\nsys.exit(0)": ("failed", "SystemExit"),
    "import os\nos._exit(0)": ("died", "ended before"),
    "exit()": ("failed", "TypeError"),
    "input()": ("failed", "OSError"),
    "import sys\nsys.stdin.read()": ("failed", "OSError"),
    "assert False, 'no'": ("failed", "AssertionError: no"),
    "def f(:": ("syntax", "SyntaxError"),
    "x = '''": ("syntax", "SyntaxError"),
    "eval('1 +')": ("failed", "SyntaxError"),
    "if __name__ == '__main__':\n    raise ValueError": ("passed", ""),
    "import threading\nthreading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()": ("passed", ""),
    "import time\ntime.sleep(60)": ("timed out", ""),
    "try:\n    x = 0\n    while True:\n        x += 1\nexcept Exception:\n    pass": ("passed", ""),
    "x = [0] * 10**11": ("failed", "MemoryError"),
    "import os\nos.write(3, b'(1, 2)')": ("died", "wrote something else"),
    "import os\nos.getcwd()": ("failed", "TypeError"),
    "import subprocess\nsubprocess.run(['ls'])": ("failed", "TypeError"),
    "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()": ("failed", "E"),
    "import numpy as np\nassert np.allclose([1.0], [1.0])": ("passed", ""),
    "": ("passed", ""),
}


def test_each_program_ends_as_officially(judge: LocalJudge) -> None:
    runs = run_checks(judge, list(CASES), "", 0.3, HarnessSettings())
    for (answer, (status, text)), run in zip(CASES.items(), runs, strict=True):
        assert (run.status, run.text[: len(text)]) == (status, text), answer


def test_a_loop_is_ended_at_the_limit_whatever_it_catches(judge: LocalJudge) -> None:
    answer = "while True:\n    try:\n        while True:\n            x = 0\n    except: pass"
    (run,) = run_checks(judge, [answer], "", 0.1, HarnessSettings())
    assert run.status == "timed out"


def test_recursion_is_as_deep_as_in_the_official_harness(judge: LocalJudge) -> None:
    harness = HarnessSettings(recursion_limit=official_recursion(judge))
    answer = "def depth(n):\n    return 0 if n <= 1 else depth(n - 1)\n"
    for n, status in ((RECURSION - 1, "passed"), (RECURSION, "failed")):
        check = f"def check(f):\n    f({n})\ncheck(depth)"
        (run,) = run_checks(judge, [answer], check, 3.0, harness)
        assert run.status == status


def test_a_slow_machine_gets_more_time(judge: LocalJudge) -> None:
    busy = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    assert [run_checks(judge, [busy], "", 0.2, HarnessSettings(time_factor=f))[0].status for f in (1.0, 3.0)] == [
        "timed out",
        "passed",
    ]


@pytest.mark.parametrize("check", ["assert f(1) == 2", "import math\nassert math.isclose(f(1), 2.0)"])
def test_the_line_that_failed_is_known(judge: LocalJudge, check: str) -> None:
    (run,) = run_checks(judge, ["def f(x):\n    return x"], check, 3.0, HarnessSettings())
    assert run.status == "wrong"
    assert run.details[2] == 3 + check.count("\n")
