"""A one-shot program ends as an opened one does: the same output, code and verdict, whatever it is."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.world import descendants

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.local import LocalJudge
from stepsmith.sandbox import levels, native
from stepsmith.sandbox.executable import Executable, Opened, RunLimits, RunOutcome
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker

LIMITS = RunLimits(cpu_s=1, wall_s=5, memory_mb=128, output_bytes=10_000)
SHORT = RunLimits(cpu_s=0.2, wall_s=0.4, memory_mb=128, output_bytes=100)
PROGRAMS = {
    "prints": "print(input()[::-1])",
    "exits": "import sys\nprint(1)\nsys.exit(7)",
    "raises": "def f():\n    return 1 / 0\nf()",
    "shows its line": "import traceback\ntry:\n    x = []\n    x[3]\nexcept IndexError:\n    traceback.print_exc()",
    "reads itself": "print(open(__file__).read(), __name__, __file__)",
    "imports itself": "import solution\nprint(solution.__name__)",
    "is killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "prints too much": "print('x' * 20_000)",
    "prints the most": "import os\nos.write(1, b'x' * 10_000)",
    "warns": "x = 1\nx is 1\nprint('\\d')",
    "has few descriptors": "import os\nprint(os.dup(0), os.dup(0))",
    "recurses": "def f(n):\n    return f(n + 1)\nf(0)",
    "how deep": "def f(n):\n    print(n)\n    f(n + 1)\ntry:\n    f(0)\nexcept RecursionError:\n    pass",
    "leaves a cycle": "class D:\n    def __del__(self):\n        print('gone')\nd = D()\nd.d = d",
    "uses a lock": "import threading\nt = threading.Thread(target=print, args=('x',))\nt.start()",
    "does not compile": "def f(:\n    pass",
    "is no text": "\0",
    "has minuses": "x = " + "-" * 60_000 + "1",
    "has parentheses": "x = " + "(" * 5_000 + "1" + ")" * 5_000,
    "has a bad encoding": "# coding: nonsense\nprint(1)",
    "is empty": "",
}  # fmt: skip


@pytest.fixture(scope="module", params=[3, 2, 1, 0])
def one(request: pytest.FixtureRequest, library_folder: Path) -> Iterator[Worker]:
    if not native.library(library_folder):
        pytest.skip("no C compiler")
    setup = Setup(library_folder=str(library_folder))
    try:
        worker = levels.start(request.param, setup)
    except SandboxError as error:
        pytest.skip(str(error))
    with worker:
        assert worker.can_one_shot
        yield worker


def program(code: str, entry_point: str | None = None) -> Executable:
    text = code.encode()
    return Executable(kind="python", code=text, entry_point=entry_point, files=(("solution.py", text),), folder="read")


def opened(worker: Worker, code: Executable, stdin: bytes, limits: RunLimits) -> Opened | RunOutcome:
    found = worker.open(code, limits)
    return worker.run(stdin) if found.ok else found


def facts(outcome: Opened | RunOutcome) -> tuple[object, ...]:
    """Return what must be equal."""
    if isinstance(outcome, Opened):
        return (outcome.text,)
    return (
        outcome.exit_code, outcome.signal, outcome.end, outcome.stdout, outcome.too_much, outcome.stderr,
        outcome.result,
    )  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_ends_as_an_opened_one(name: str, one: Worker) -> None:
    code = program(PROGRAMS[name])
    expected = facts(opened(one, code, b"abc\n", LIMITS))
    assert facts(one.run_once(code, LIMITS, b"abc\n")) == expected
    assert facts(one.run_once(code, LIMITS, b"abc\n")) == expected  # after another of its kind


@pytest.mark.parametrize("arguments", [b"(1, 'x')", b"{'a': 1, 'b': 'x'}", b"(1,)", b"nonsense("])
def test_a_function(arguments: bytes, one: Worker) -> None:
    code = program("import sys\nprint(__name__, sys.modules['__main__'])\ndef f(a, b): return [a, b] * 2", "f")
    expected = facts(opened(one, code, arguments, LIMITS))
    assert facts(one.run_once(code, LIMITS, arguments)) == expected


def test_its_own_limits_hold(one: Worker) -> None:
    """Each packet has its own; they count from the start of the program, not of the compiler."""
    for limits in (SHORT, LIMITS):
        busy = one.run_once(program("while True: pass"), limits, b"")
        assert isinstance(busy, RunOutcome)
        assert (busy.end, busy.signal) == ("cpu", signal.SIGKILL)
        assert limits.cpu_s <= busy.cpu_s < limits.cpu_s + 0.2
    idle = one.run_once(program("import time\ntime.sleep(100)"), SHORT, b"")
    assert isinstance(idle, RunOutcome)
    assert (idle.end, idle.signal) == ("wall", signal.SIGKILL)
    assert 0.4 <= idle.wall_s < 3
    large = one.run_once(program("x = bytearray(100 << 20)\nprint(len(x))"), LIMITS, b"")
    assert isinstance(large, RunOutcome)
    assert large.stdout == b"104857600\n"
    assert 100 < large.peak_mb < 130


def test_a_refusal_may_take_longer_than_the_program_could(one: Worker) -> None:
    """The compiler's message is made under the compiler's limits, however short the program's are."""
    short = RunLimits(cpu_s=0.001, wall_s=0.001, memory_mb=128, output_bytes=10_000)
    for name in ("has a bad encoding", "does not compile"):
        refused = one.run_once(program(PROGRAMS[name]), short, b"")
        assert isinstance(refused, Opened)
        assert "Error" in refused.text


def test_nothing_of_one_program_is_left_for_the_next(one: Worker) -> None:
    first = program("import sys, builtins\nsys.modules['seen'] = 1\nbuiltins.seen = 1\nMARK = 'of the first'")
    second = program(
        "import sys, builtins\nprint('seen' in sys.modules, hasattr(builtins, 'seen'), open(__file__).read())"
    )
    one.run_once(first, LIMITS, b"")
    outcome = one.run_once(second, LIMITS, b"")
    assert isinstance(outcome, RunOutcome)
    assert outcome.stdout.startswith(b"False False import sys")
    assert b"of the first" not in outcome.stdout


def test_a_lost_supervisor_is_our_failure_and_does_not_last(best: int, library_folder: Path) -> None:
    with levels.start(best, Setup(library_folder=str(library_folder))) as worker:
        if not worker.can_one_shot:
            pytest.skip("no C compiler")
        worker.run_once(program("pass"), LIMITS, b"")
        for pid in descendants(worker.server.pid) - {worker.server.pid}:
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(SandboxError):
            worker.run_once(program("pass"), LIMITS, b"")


def test_no_verdict_changes_when_processes_are_killed() -> None:
    """As judged by ``LocalJudge``: one test each, so that each program is a one-shot."""
    contract, done = Contract(interface="stdio", limits=Limits(time_s=2)), threading.Event()
    with LocalJudge() as judge:
        judge.judge(Solution(language="python", code="print(1)"), contract, [TestCase(input="", output="1")])
        killed: list[int] = []
        judged: list[Verdict] = []

        def kill() -> None:
            """Kill the youngest process once in a judgement: a program that is killed again and again is to blame."""
            while not done.wait(0.02):
                family = sorted(descendants(os.getpid()))
                if family and len(judged) > len(killed):
                    killed.append(family[-1])
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(family[-1], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            for n in range(25):
                code = f"import time\ntime.sleep(0.04)\nprint(2 * int(input()) if {n} % 5 else 0)"
                judgement = judge.judge(
                    Solution(language="python", code=code), contract, [TestCase(input="4", output="8")]
                )
                assert judgement.verdict is (Verdict.AC if n % 5 else Verdict.WA), judgement
                judged.append(judgement.verdict)
        finally:
            done.set()
            thread.join()
        assert killed


def test_the_first_test_is_tried_alone_where_most_fail_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdicts are the same; what is saved is opening the programs."""
    opens: list[float] = []
    real = Worker.open

    def counted(self: Worker, *arguments: object) -> Opened:
        opens.append(time.monotonic())
        return real(self, *arguments)  # type: ignore[arg-type]

    tests = [TestCase(input=f"{n}", output=f"{n}") for n in range(3)]
    contract = Contract(interface="stdio")
    with LocalJudge() as judge:
        if not judge._programs.worker_set.worker("solutions").can_one_shot:
            pytest.skip("no C compiler")
        monkeypatch.setattr(Worker, "open", counted)
        programs = {"print(9)": [Verdict.WA], "print(input())": [Verdict.AC] * 3, "print(0)": [Verdict.AC, Verdict.WA]}
        for code in ["print(9)"] * 20 + [*programs] * 2 + ["print(input())"] * 20:
            judgement = judge.judge(Solution(language="python", code=code), contract, tests, stop_at_first_failure=True)
            assert [result.verdict for result in judgement.tests] == programs[code]
            if code == "print(9)":
                early = len(opens)
        assert 10 < early < 24  # until it is known that most fail
        assert len(opens) - early > 18
