"""Programs in the harness end as under the official one; odd programs of each kind."""

import pytest

from stepsmith.benchmarks import harness
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
    settings = HarnessSettings(recursion_limit=official_recursion(judge))
    answer = "def depth(n):\n    return 0 if n <= 1 else depth(n - 1)\n"
    for n, status in ((RECURSION - 1, "passed"), (RECURSION, "failed")):
        check = f"def check(f):\n    f({n})\ncheck(depth)"
        (run,) = run_checks(judge, [answer], check, 3.0, settings)
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


ENDLESS = {
    "x = [3, 1]\nwhile x:\n    x = x[::-1]\n",
    "def f(a):\n    done = False\n    while not done:\n        done = a > 1\n    return done\n\nf(1)\n",
    "def f(a):\n    while a != 1:\n        a = 10 if a < 5 else a - 2\n        for k in [1]:\n         a += 0\nf(4)\n",
    # the variables that differ only collect results
    "def f(n):\n    s = ''\n    while n >= 0:\n        s = str(n % 2) + s\n        n //= 2\n    return s\nf(5)\n",
    "def f(n):\n    out = []\n    while n >= 1:\n        n = n // 2 if n % 2 == 0 else n * 3 + 1\n        if n % 2:\n"
    "            out.append(int(n))\n    return out\nf(5)\n",
    # what the loop cannot reach does not count
    "import random\ndef f(n):\n    while n:\n        n = n\ndef check(f):\n    f(1)\n    try:\n"
    "        random.random()\n    except ValueError:\n        pass\ncheck(f)\n",
    "def g(x):\n    return x * 1\ndef f(n):\n    while g(n) > 0:\n        n = g(n)\nf(1)\n",
}
COUNTING = {  # new values each time
    "def f(x, n):\n    power = 1\n    while (power != x):\n        power = power * n\n    return power == x\nf(5, 2)\n",
    "i = 3\nwhile True:\n    i += 2\n    if i % 2 == 0:\n        break\n",
}
UNSURE = {
    "x = 0\nwhile x < 10**10:\n    x += 1\n",  # another state each time
    "x, n = 14, 0\nwhile x > 1:\n    n += 1\n    x = x / 2 if x % 2 == 0 else x * 3 + 2\n",  # floats
    "import random\nx = 1\nwhile x:\n    x = random.choice([1, 1])\n",
    "import random\nr, x = random.random, 1\nwhile x:\n    x = r() >= 0\n",
    "class A:\n    n = 0\na, x = A(), 1\nwhile x:\n    a.n += 1\n    x = a.n < 10**9\n",
    "x = iter(range(10**9))\ny = 1\nwhile y:\n    y = next(x, 0) >= 0\n",
    "def f(seen=[]):\n    seen.append(1)\n    return len(seen) < 10**9\nx = 1\nwhile x:\n    x = f()\n",
    "def g():\n    while True:\n        yield 1\nfor _ in g():\n    pass\n",
    "for k in range(10**9):\n    x = 1\n    while x:\n        x = 0\n",
    "s = {1}\nwhile s:\n    s = set(s)\n",
    "while True:\n    try:\n        for k in range(10**9):\n            x = 1\n    except Exception:\n        break\n",
    "x = 1\nwhile x:\n    globals()['x'] = 1\n",
    # what seems to collect results decides after all
    "def f():\n    a = []\n    b = a\n    while len(b) < 10**9:\n        a.append(1)\nf()\n",
    "def f():\n    a = []\n    while True:\n        a.append(1)\n"
    "        if len(a) > 10**9:\n            return a\nf()\n",
    "k = [0]\ndef g():\n    k[0] += 1\n    return k[0]\ndef f():\n    while g() < 10**9:\n        pass\nf()\n",
    "k = [0]\ng = lambda: k.append(1) or len(k)\ndef f():\n    while g() < 10**9:\n        pass\nf()\n",
    "k = [0]\ndef g():\n    k.append(1)\n    return len(k)\ndef f():\n"
    "    k = 1\n    while g() < 10**9:\n        k = 1\nf()\n",
    "def f():\n    v = []\n    while True:\n        def g():\n            return len(v)\n        v.append(0)\n"
    "        if g() > 10**9:\n            return v\nf()\n",
    "def f():\n    w, v = [0], [1]\n    def g(x):\n        w.append(x)\n        return x + 1\n"
    "    while len(w) < 10**9:\n        v = list(map(g, v))\nf()\n",
}
CAUGHT = "def g(n):\n    while n:\n        n = n\ntry:\n    g(1)\nexcept Exception:\n    pass\n"  # passes at its limit


def test_a_loop_that_certainly_never_ends_is_ended_early_and_no_other(
    judge: LocalJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = harness.harness_program("run_check")
    at_once = at_once.replace("SUSPECT_S = 0.1", "SUSPECT_S = 0.01").replace("LOOK_S = 0.1", "LOOK_S = 0.05")
    monkeypatch.setattr(harness, "harness_program", lambda _: at_once)
    endless = [*ENDLESS, *COUNTING]
    for answer, run in zip(endless, run_checks(judge, endless, "", 30.0, HarnessSettings()), strict=True):
        assert (run.status, run.text[:6], run.cpu_s < 1.0) == ("timed out", "a loop", True), answer
    unsure = [*UNSURE, CAUGHT]
    for answer, run in zip(unsure, run_checks(judge, unsure, "", 0.1, HarnessSettings()), strict=True):
        caught = answer == CAUGHT or "break" in answer
        assert (run.status, run.text) == ("passed" if caught else "timed out", ""), answer


def test_looking_for_a_loop_costs_a_slow_program_nothing(judge: LocalJudge) -> None:
    slow = "import collections\nn = 0\nwhile n < {}:\n    n += 1\n"
    (first,) = run_checks(judge, [slow.format(2_000_000)], "", 60.0, HarnessSettings())
    assert first.status == "passed"
    assert first.details[0] * 60 < first.cpu_s  # the share of its limit leaves out the time of looking
