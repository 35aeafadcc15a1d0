"""A one-shot program ends as an opened one does: the same output, code and verdict, whatever it is."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.sandbox.world import descendants

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.local import COMPILED, FEW_TESTS, LocalJudge
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

    tests = [TestCase(input=f"{n}", output=f"{n}") for n in range(FEW_TESTS + 1)]
    contract = Contract(interface="stdio")
    with LocalJudge() as judge:
        if not judge._programs.worker_set.worker("solutions").can_one_shot:
            pytest.skip("no C compiler")
        monkeypatch.setattr(Worker, "open", counted)
        programs = {
            "print(9)": [Verdict.WA],
            "print(input())": [Verdict.AC] * len(tests),
            "print(0)": [Verdict.AC, Verdict.WA],
        }
        for code in ["print(9)"] * 20 + [*programs] * 2 + ["print(input())"] * 20:
            judgement = judge.judge(Solution(language="python", code=code), contract, tests, stop_at_first_failure=True)
            assert [result.verdict for result in judgement.tests] == programs[code]
            if code == "print(9)":
                early = len(opens)
        assert 10 < early < 24  # until it is known that most fail
        assert len(opens) - early > 18


def test_a_solution_with_few_tests_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results are the same as those of an opened one; a long solution, or one with many tests, is opened."""
    opens: list[int] = []
    real = Worker.open

    def counted(self: Worker, *arguments: object) -> Opened:
        opens.append(1)
        return real(self, *arguments)  # type: ignore[arg-type]

    short = "n = int(input())\nprint(n if n < 4 else 1 / 0)  "
    contract = Contract(interface="stdio")
    with LocalJudge() as judge:
        if not judge._programs.worker_set.worker("solutions").can_one_shot:
            pytest.skip("no C compiler")
        monkeypatch.setattr(Worker, "open", counted)
        for code, count, expected in (
            (short, FEW_TESTS, 0),
            (short, FEW_TESTS + 1, 1),
            (short + "#" * (COMPILED // FEW_TESTS), FEW_TESTS, 1),
        ):
            opens.clear()
            tests = [TestCase(input=f"{n}", output=f"{n}") for n in range(count)]
            judgement = judge.judge(Solution(language="python", code=code), contract, tests)
            assert [result.verdict for result in judgement.tests] == [Verdict.AC] * 4 + [Verdict.RTE] * (count - 4)
            assert len(opens) == expected


# Binaries

C_PROGRAM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static void say(const char *what, long result) { printf("%s %s\n", what, result < 0 ? "fails" : "works"); }
int main(int count, char **words) {
    char line[100] = "", *name = count > 1 ? words[1] : "";
    if (fgets(line, sizeof line, stdin)) printf("%s has %d words, input %s", words[0], count, line);
    if (!strcmp(name, "exits")) return 7;
    if (!strcmp(name, "aborts")) abort();
    if (!strcmp(name, "kills itself")) kill(getpid(), SIGKILL);
    if (!strcmp(name, "loops")) for (volatile long n = 0;; n++);
    if (!strcmp(name, "sleeps")) sleep(100);
    if (!strcmp(name, "fills memory")) { char *p = malloc(200 << 20); if (!p) return 3; memset(p, 1, 200 << 20); }
    if (!strcmp(name, "prints too much")) for (int n = 0; n < 3000; n++) puts("0123456789");
    if (!strcmp(name, "limits")) for (int kind = 0; kind < 10; kind++) {
        struct rlimit found;
        getrlimit(kind, &found);
        if (kind != RLIMIT_CPU) printf("%d %ld %ld\n", kind, (long)found.rlim_cur, (long)found.rlim_max);
    }
    if (!strcmp(name, "attacks")) {
        say("open", open("/etc/passwd", O_RDONLY));
        say("socket", socket(AF_INET, SOCK_STREAM, 0));
        say("fork", fork());
        say("vfork", syscall(SYS_vfork));
        say("kill", kill(getppid(), SIGKILL));
        say("exec", execl("/bin/true", "true", NULL));
        for (int fd = 3; fd < 80; fd++) {
            if (fcntl(fd, F_GETFD) >= 0) printf("descriptor %d\n", fd);
            say("execveat", syscall(SYS_execveat, fd, "", words, NULL, 0x1000, 0));
        }
        say("group", prctl(PR_SET_PDEATHSIG, 0));
        say("dump", prctl(PR_SET_DUMPABLE, 1));
    }
    if (!strcmp(name, "writes")) {
        FILE *file = fopen(words[2], "r");
        printf("%s\n", file ? "is there" : "is not there");
        file = fopen(words[2], "w");
        if (file && fputs("x", file) >= 0) printf("written\n");
    }
    return 0;
}
"""
QUICK = RunLimits(cpu_s=0.2, wall_s=0.4, memory_mb=128, output_bytes=10_000)
WAYS = [
    "",
    "exits",
    "aborts",
    "kills itself",
    "loops",
    "sleeps",
    "fills memory",
    "prints too much",
    "limits",
    "attacks",
]


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Executable:
    folder = tmp_path_factory.mktemp("binary")
    (folder / "program.c").write_text(C_PROGRAM)
    subprocess.run(["gcc", "-O1", "-static", "-w", "program.c", "-o", "program"], cwd=folder, check=True)
    return Executable(kind="binary", code=(folder / "program").read_bytes(), command=("program",))


@pytest.mark.parametrize("way", WAYS)
def test_a_binary_ends_as_an_opened_one(way: str, one: Worker, binary: Executable) -> None:
    # To fill memory takes half of the short time, and on a busy machine all of it.
    limits = msgspec.structs.replace(QUICK, cpu_s=2.0, wall_s=8.0) if way == "fills memory" else QUICK
    one.open(binary, limits)
    expected = facts(one.run(b"abc\n", [way]))
    once = one.run_once(binary, limits, b"abc\n", [way])
    assert facts(once) == expected
    assert facts(one.run_once(binary, limits, b"abc\n", [way])) == expected
    if way == "attacks" and one.server.level >= 1:
        assert isinstance(once, RunOutcome)
        assert b"works" not in once.stdout
        assert b"descriptor" not in once.stdout


def test_binaries_and_python_take_turns(one: Worker, binary: Executable) -> None:
    for _ in range(2):
        outcome = one.run_once(binary, LIMITS, b"abc\n", ["exits"])
        assert isinstance(outcome, RunOutcome)
        assert (outcome.exit_code, outcome.stdout) == (7, b"program has 2 words, input abc\n")
        other = one.run_once(program(PROGRAMS["prints"]), LIMITS, b"abc\n")
        assert facts(other) == facts(opened(one, program(PROGRAMS["prints"]), b"abc\n", LIMITS))


# What a program leaves in its folder

LEFT = {
    "a file": "open('left', 'w').write('secret')",
    "a hidden file": "open('.left', 'w').write('secret')",
    "a folder": "import os\nos.makedirs('left/inner')",
    "another source": "import os\nopen('new', 'w').write('secret')\nos.rename('new', 'solution.py')",
    "no source": "import os\nos.remove('solution.py')",
    "a locked source": "import os\nos.chmod('solution.py', 0)",
    "a locked folder": "import os\nos.chmod('.', 0o500)",
    "a changed source": "open('solution.py', 'w').write('secret' * 100)",
    "a module": "open('math.py', 'w').write('secret')\nopen('solution.pyc', 'w').write('secret')",
}
LOOK = """import os
print(sorted(os.listdir('.')), oct(os.stat('.').st_mode), oct(os.stat('solution.py').st_mode))
print(open('solution.py').read())
open('own', 'w').write('works')
print(open('own').read())
"""


@pytest.mark.parametrize("way", LEFT)
def test_what_a_program_leaves_in_its_folder_is_gone(way: str, one: Worker) -> None:
    look = msgspec.structs.replace(program(LOOK), folder="write")
    expected = facts(opened(one, look, b"", LIMITS))
    leave = msgspec.structs.replace(program(LEFT[way]), folder="write")
    done = one.run_once(leave, LIMITS, b"")
    assert isinstance(done, RunOutcome)
    assert done.exit_code == 0, done.stderr
    assert facts(one.run_once(look, LIMITS, b"")) == expected
    assert facts(one.run_once(look, LIMITS, b"")) == expected  # it has left a file itself


MESSAGE = 123_456_789_123_456_789
SET_TIMES = f"import os\nfor name in ('.', 'solution.py'):\n    os.utime(name, ns=({MESSAGE}, {MESSAGE}))"
SHOW_TIMES = "import os\nfor n in ('.', 'solution.py'):\n    s = os.stat(n)\n    print(s.st_atime_ns, s.st_mtime_ns)"


@pytest.mark.parametrize("way", ["one-shot", "opened"])
def test_a_program_leaves_no_message_in_times(way: str, one: Worker) -> None:
    def run(code: str) -> bytes:
        ready = msgspec.structs.replace(program(code), folder="write")
        done = one.run_once(ready, LIMITS, b"") if way == "one-shot" else opened(one, ready, b"", LIMITS)
        assert isinstance(done, RunOutcome)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    assert str(MESSAGE).encode() in run(SET_TIMES + "\n" + SHOW_TIMES)
    assert str(MESSAGE).encode() not in run(SHOW_TIMES)


def test_whether_a_program_read_its_folder_is_not_seen(one: Worker) -> None:
    """Below L2 the folder is on a disk of the machine, which may record it."""
    if one.server.level < 2:
        pytest.skip("a folder on a disk")
    show = program(SHOW_TIMES.replace("s.st_mtime_ns", "''"))
    before = facts(one.run_once(show, LIMITS, b""))
    one.run_once(program("import os\nprint(os.listdir('.'), open('solution.py').read())"), LIMITS, b"")
    assert facts(one.run_once(show, LIMITS, b"")) == before


def test_a_folder_that_may_be_changed_is_not_that_of_other_programs(one: Worker) -> None:
    """Where the folder may only be read, a program that tries to write fails, whatever ran before."""
    one.run_once(msgspec.structs.replace(program(LOOK), folder="write"), LIMITS, b"")
    refused = one.run_once(program(LOOK), LIMITS, b"")
    assert isinstance(refused, RunOutcome)
    assert (refused.exit_code == 0) is (one.server.level == 0)
    assert refused.stdout.startswith(b"['solution.py']")


def test_a_binary_finds_an_empty_folder(one: Worker, binary: Executable) -> None:
    writing = msgspec.structs.replace(binary, folder="write")
    for _ in range(2):
        outcome = one.run_once(writing, LIMITS, b"", ["writes", "left"])
        assert isinstance(outcome, RunOutcome)
        assert outcome.stdout == b"is not there\nwritten\n"
