import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sandbox.world import descendants, descriptors

from stepsmith.core.errors import SandboxError
from stepsmith.sandbox import frames, levels
from stepsmith.sandbox.executable import Executable, RunLimits, RunOutcome, check_name, image_mb
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.worker import Worker

LIMITS = RunLimits(cpu_s=2, wall_s=10, memory_mb=256, output_bytes=10_000)


def run(worker: Worker, code: str, stdin: bytes = b"", limits: RunLimits = LIMITS, *arguments: str) -> RunOutcome:
    opened = worker.open(Executable(kind="python", code=code.encode()), limits)
    assert opened.ok, opened.text
    return worker.run(stdin, arguments)


def test_the_facts_of_a_run(worker: Worker) -> None:
    code = "import sys\nprint(input()[::-1], sys.argv)\nprint('e' * 5000, file=sys.stderr)\nsys.exit(3)"
    outcome = run(worker, code, "añb\n".encode(), LIMITS, "x", "y z")
    assert outcome.stdout.decode() == "bña ['solution.py', 'x', 'y z']\n"
    assert (outcome.exit_code, outcome.signal, outcome.end, outcome.too_much) == (3, None, "", False)
    assert len(outcome.stderr) == 4096
    assert 0 < outcome.cpu_s < 1
    assert 3 < outcome.peak_mb < 100


def test_memory_and_time_are_measured(worker: Worker) -> None:
    code = "import time\nx = bytearray(100 << 20)\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass"
    outcome = run(worker, code)
    assert 100 < outcome.peak_mb < 130
    assert 0.3 < outcome.cpu_s < 0.8


def test_reserved_memory_is_free(worker: Worker) -> None:
    code = """
import threading
threading.stack_size(512 << 20)
threads = [threading.Thread(target=print, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
    thread.join()
"""
    outcome = run(worker, code)
    if worker.server.level < 3:
        pytest.skip("below L3 reserved memory counts")
    assert outcome.stdout == b"0\n1\n2\n"
    assert outcome.peak_mb < 50


def test_touched_memory_is_not(worker: Worker) -> None:
    outcome = run(worker, "kept = [0] * 10**9")
    assert outcome.exit_code != 0
    if worker.server.level >= 3:
        assert (outcome.end, outcome.signal) == ("memory", signal.SIGKILL)
        assert LIMITS.memory_mb < outcome.peak_mb < LIMITS.memory_mb + 200
        # The next test of the program is not blamed for it.
        assert worker.run(b"").end == "memory"
        assert run(worker, "import os\nos.kill(os.getpid(), 9)").end == ""
    assert run(worker, "print(1)").stdout == b"1\n"


def test_a_signal_is_told_from_an_exit_code(worker: Worker) -> None:
    outcome = run(worker, "import os\nos.kill(os.getpid(), 11)")
    assert (outcome.exit_code, outcome.signal) == (None, signal.SIGSEGV)
    assert run(worker, "import os\nos._exit(11)").exit_code == 11


def test_what_an_interpreter_does_at_its_end(worker: Worker) -> None:
    code = """
import atexit, threading, time
atexit.register(lambda: print("exit handler"))
threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
print("main", end=" ")
exit("bye")
"""
    outcome = run(worker, code)
    assert outcome.stdout == b"main thread\nexit handler\n"
    assert outcome.stderr == b"bye\n"
    assert outcome.exit_code == 1


def test_a_traceback_shows_the_program_alone(worker: Worker) -> None:
    outcome = run(worker, "def f():\n    return 1 / 0\nf()")
    assert outcome.stderr.decode().splitlines() == [
        "Traceback (most recent call last):", '  File "solution.py", line 3, in <module>',
        '  File "solution.py", line 2, in f', "ZeroDivisionError: division by zero",
    ]  # fmt: skip


def test_randomness_and_hashes_are_the_same_every_time(worker: Worker) -> None:
    code = "import random\nprint(random.random(), hash('a'), list({'a', 'b', 'c', 'd'}))"
    outputs = {run(worker, code).stdout for _ in range(3)}
    assert len(outputs) == 1


def test_event_loops_and_thread_pools_work(worker: Worker) -> None:
    code = """
import asyncio
from concurrent.futures import ThreadPoolExecutor
async def f(): await asyncio.sleep(0.001); return 7
print(asyncio.run(f()), sum(ThreadPoolExecutor(8).map(abs, range(-5, 0))))
"""
    assert run(worker, code).stdout == b"7 15\n"


@pytest.mark.parametrize("extra", [0, 1])
def test_the_output_limit_is_exact(worker: Worker, extra: int) -> None:
    outcome = run(worker, f"import os\nos.write(1, b'x' * {LIMITS.output_bytes + extra})")
    assert len(outcome.stdout) == LIMITS.output_bytes
    assert outcome.too_much is bool(extra)


def test_ends_for_cpu_and_for_wall_time(worker: Worker) -> None:
    limits = RunLimits(cpu_s=0.2, wall_s=0.4, memory_mb=256, output_bytes=100)
    busy = run(worker, "while True: pass", b"", limits)
    assert (busy.end, busy.signal) == ("cpu", signal.SIGKILL)
    assert 0.2 <= busy.cpu_s < 0.4
    idle = run(worker, "import time\ntime.sleep(100)", b"", limits)
    assert (idle.end, idle.signal) == ("wall", signal.SIGKILL)
    assert 0.4 <= idle.wall_s < 3


@pytest.mark.serial  # other load would starve it further
def test_a_starved_program_is_given_the_time_that_the_machine_took(worker: Worker) -> None:
    if not Path("/proc/self/schedstat").exists():
        pytest.skip("this kernel does not tell how long a process waited for a processor")
    code = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass\nprint('done')"
    busy = [sys.executable, "-c", "print(flush=True)\nwhile True: pass"]
    rivals = [  # each in a session of its own: Linux shares processors out among sessions
        subprocess.Popen(busy, stdout=subprocess.PIPE, start_new_session=True) for _ in range(4 * (os.cpu_count() or 1))
    ]
    try:
        for rival in rivals:
            assert rival.stdout is not None
            rival.stdout.readline()
        outcome = run(worker, code, b"", RunLimits(cpu_s=2, wall_s=0.35, memory_mb=256, output_bytes=100))
    finally:
        for rival in rivals:
            rival.kill()
            rival.communicate()
    assert outcome.stdout == b"done\n"
    assert outcome.wall_s > 0.35


def test_a_program_cannot_hide_behind_its_end(worker: Worker) -> None:
    """What it started goes with it."""
    before = descendants(os.getpid())
    run(worker, "import threading, os, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\nos._exit(0)")
    worker.open(Executable(kind="python", code=b"pass"), LIMITS)
    assert len(descendants(os.getpid())) <= len(before) + 1


def test_source_that_does_not_compile(worker: Worker) -> None:
    for code in (b"def f(:", b"\tx\n  y", b"x = '\xff'", b"\0", b"# coding: nonsense\n\xe9", b"return 1"):
        opened = worker.open(Executable(kind="python", code=code), LIMITS)
        assert not opened.ok, code
        assert opened.text
    assert run(worker, "\ufeffprint('byte order mark')").exit_code == 0


def test_files_arguments_and_what_is_collected(worker: Worker) -> None:
    code = """
import os, sys
os.makedirs("out/deep")
open("out/deep/a.txt", "w").write(open("in/data.txt").read() + sys.argv[1])
open("big.txt", "w").write("x" * 5000)
open("in/data.txt", "w").write("changed")
os.mkdir("folder.txt")
"""
    program = Executable(
        kind="python", code=code.encode(), files=(("in/data.txt", b"data "), ("empty/", b"")), folder="write"
    )
    assert worker.open(program, LIMITS).ok
    outcome = worker.run(b"", ["argument"])
    assert outcome.exit_code == 0, outcome.stderr
    names = ["out/deep/a.txt", "missing", "big.txt", "folder.txt", "empty", "in/data.txt"]
    assert worker.collect(names, 4000) == {"out/deep/a.txt": b"data argument", "in/data.txt": b"changed"}
    # The next program finds an empty folder.
    program = Executable(kind="python", code=b"import os\nprint(os.listdir('.'))", folder="read")
    worker.open(program, LIMITS)
    assert worker.run(b"").stdout == b"[]\n"


def test_a_folder_to_read_is_not_written(worker: Worker) -> None:
    code = b"open('a', 'r+').write('x')"
    worker.open(Executable(kind="python", code=code, files=(("a", b"y"),), folder="read"), LIMITS)
    assert b"PermissionError" in worker.run(b"").stderr


def test_links_and_devices_cannot_be_made_in_the_folder(worker: Worker) -> None:
    code = """
import os
for make in (lambda: os.symlink("/etc/passwd", "a"), lambda: os.link("file", "b"), lambda: os.mkfifo("c")):
    try:
        make()
        print("made")
    except OSError:
        print("denied")
"""
    worker.open(Executable(kind="python", code=code.encode(), files=(("file", b""),), folder="write"), LIMITS)
    assert worker.run(b"").stdout == b"denied\n" * 3
    assert worker.collect(["a", "b", "c"], 1000) == {}


def test_a_folder_filled_and_nested_is_emptied(worker: Worker) -> None:
    code = """
import os
try:
    for i in range(10000):
        os.mkdir("d")
        open("d/f", "w").close()
        os.chdir("d")
except OSError as error:
    print(error.errno)
os.chmod(".", 0)
"""
    worker.open(Executable(kind="python", code=code.encode(), folder="write"), LIMITS)
    outcome = worker.run(b"")
    if worker.server.level >= 2:
        assert outcome.stdout == b"28\n"  # no space left: the folder's file system has few inodes
    worker.open(Executable(kind="python", code=b"import os\nprint(os.listdir('.'))", folder="write"), LIMITS)
    assert worker.run(b"").stdout == b"[]\n"


def test_a_folder_that_a_program_locked_is_emptied(worker: Worker) -> None:
    code = b"import os\nopen('a', 'w').close()\nos.chmod('.', 0o500)"
    worker.open(Executable(kind="python", code=code, folder="write"), LIMITS)
    assert worker.run(b"").exit_code == 0
    code = b"import os\nprint(os.listdir('.'))\nopen('b', 'w').close()"
    worker.open(Executable(kind="python", code=code, folder="write"), LIMITS)
    outcome = worker.run(b"")
    assert (outcome.stdout, outcome.exit_code) == (b"[]\n", 0)


def test_a_folder_holds_only_so_much(worker: Worker) -> None:
    if worker.server.level < 2:
        pytest.skip("below L2 the folder is on a disk of the machine")
    code = """
try:
    for i in range(1000):
        open(str(i), "wb").write(bytes(8 << 20))
except OSError as error:
    print(error.errno)
"""
    limits = RunLimits(cpu_s=5, wall_s=30, memory_mb=1024, output_bytes=16 << 20)
    worker.open(Executable(kind="python", code=code.encode(), folder="write"), limits)
    assert worker.run(b"").stdout == b"28\n"


def test_a_lost_fork_server_is_our_failure(best: int) -> None:
    worker = levels.start(best, Setup())
    worker.open(Executable(kind="python", code=b"while True: pass"), LIMITS)
    killer = threading.Timer(0.2, os.kill, (worker.server.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(SandboxError):
        worker.run(b"")
    with pytest.raises(SandboxError):
        worker.open(Executable(kind="python", code=b"pass"), LIMITS)
    worker.close()


def test_a_lost_supervisor_is_our_failure(best: int) -> None:
    with levels.start(best, Setup()) as worker:
        worker.open(Executable(kind="python", code=b"pass"), LIMITS)
        (supervisor,) = descendants(worker.server.pid)
        os.kill(supervisor, signal.SIGKILL)
        with pytest.raises(SandboxError):
            worker.run(b"")


def test_closing_leaves_nothing(best: int) -> None:
    processes, open_files = descendants(os.getpid()), descriptors()
    with levels.start(best, Setup()) as worker:
        worker.open(Executable(kind="python", code=b"import time\ntime.sleep(100)"), LIMITS)
        group = worker.server.group
        folders = [] if group is None else [*group.folders]
        assert all(folder.exists() for folder in folders)
    worker.close()
    assert descendants(os.getpid()) == processes
    assert descriptors() == open_files
    assert not any(folder.exists() for folder in folders)


def test_workers_die_with_their_judge(best: int) -> None:
    code = f"""
import os, sys, threading
from stepsmith.sandbox import levels
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.executable import Executable, RunLimits
worker = levels.start({best}, Setup())
limits = RunLimits(cpu_s=60, wall_s=60, memory_mb=256, output_bytes=1)
worker.open(Executable(kind="python", code=b"while True: pass"), limits)
threading.Thread(target=worker.run, args=(b"",), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""
    before = _processes()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as judge:
        assert judge.stdout is not None
        assert judge.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 10
        while len(family := descendants(judge.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(family) == 3  # fork server, solution, test
        judge.kill()
    deadline = time.monotonic() + 10
    while family & _processes() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not family & (_processes() - before)
    levels.start(best, Setup()).close()  # sweeps the control group that was left behind
    assert not list(Path("/sys/fs/cgroup").glob(f"**/stepsmith-{judge.pid}-*"))


def _processes() -> set[int]:
    """Processes that are alive: zombies that wait for a distant parent are not."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.add(int(entry.name))
        except OSError:
            continue
    return found


@given(st.lists(st.binary(max_size=20)), st.integers(0, 40))
def test_frames_round_trip_and_lose_only_the_end(texts: list[bytes], cut: int) -> None:
    data = frames.pack(texts)
    assert frames.unpack(data) == texts
    whole = frames.unpack(data[: max(0, len(data) - cut)])
    assert whole == texts[: len(whole)]


@given(st.text())
def test_names_stay_inside(name: str) -> None:
    try:
        check_name(name)
    except ValueError:
        return
    place = os.path.normpath(f"/box/run/{name}")
    assert place.startswith("/box/run/")
    assert "\0" not in name


def test_the_size_of_an_image() -> None:
    assert image_mb(b"#!/bin/sh\n") == 0
    assert image_mb(b"") == 0
    assert 0 < image_mb(Path(os.path.realpath(sys.executable)).read_bytes()) < 100
    assert image_mb(b"\x7fELF\x02" + bytes(10)) == 0  # cut off: no image, and no crash


def test_a_worker_starts_however_many_files_its_judge_has_open() -> None:
    """Descriptor numbers that the fork server uses itself are no exception."""
    held: list[int] = []
    try:
        while not held or held[-1] < 70:
            held.append(os.open("/dev/null", os.O_RDONLY))
            if held[-1] >= 55:
                worker = Worker(1, Setup())
                assert run(worker, "print(1)").stdout == b"1\n"
                worker.close()
    finally:
        for descriptor in held:
            os.close(descriptor)
