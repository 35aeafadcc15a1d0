"""What a program costs the kernel: system calls and page faults, of one-shot Python programs and of tests in C++ and C.

    apt-get install strace linux-perf
    python benchmarks/judge_counts.py

``strace`` counts the calls of the judge's thread, and of the process that starts the programs with the programs
themselves; ``perf`` counts their page faults and says how much of their time the kernel takes.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from judge import CPP, STDIO, TESTS, C, different
from stepsmith.core.records import Solution, Verdict
from stepsmith.judge.local import LocalJudge

PROGRAMS = 200
MOST = 8  # calls that are named


def helper_of(judge: LocalJudge) -> int:
    """Return the process that starts the programs."""
    (worker,) = judge._programs.worker_set._workers.values()
    (child,) = Path(f"/proc/{worker.server.pid}/task/{worker.server.pid}/children").read_text().split()
    return int(child)


def watched(command: list[str], work: Callable[[], None]) -> str:
    """Do some work while a tool watches, and return what the tool writes into its file."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        with subprocess.Popen([*command, "-o", str(out)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as tool:
            time.sleep(1)  # until it is attached
            work()
            time.sleep(0.3)
            tool.terminate()
            tool.communicate()
        if command[0] == "perf":
            report = ["perf", "report", "-i", str(out), "--stdio", "--sort", "dso"]
            return subprocess.run(report, capture_output=True, text=True, check=True).stdout
        return out.read_text()


def show_calls(title: str, pid: int, work: Callable[[], None]) -> None:
    found = watched(["strace", "-c", "-f", "-p", str(pid)], work)
    rows = [line.split() for line in found.splitlines() if re.match(r"\s+\d+\.\d+\s", line)]
    counts = {row[-1]: int(row[3]) / PROGRAMS for row in rows if row[-1] != "total"}
    most = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST]
    print(f"{title}: {sum(counts.values()):.0f} system calls;", ", ".join(f"{name} {n:.1f}" for name, n in most))


def show_kernel(title: str, pid: int, work: Callable[[], None]) -> None:
    faults = watched(["perf", "record", "-q", "-e", "page-faults", "-c", "1", "-p", str(pid)], work)
    count = re.search(r"Event count \(approx\.\): (\d+)", faults)
    times = watched(["perf", "record", "-q", "-F", "5000", "-p", str(pid)], work)
    share = re.search(r"([\d.]+)%.*\[kernel", times)
    each = int(count[1]) / PROGRAMS if count else 0
    print(f"{title}: {each:.0f} page faults; {share[1] if share else '?'}% of its time in the kernel")


def main() -> None:
    compiled = {
        "tests of a C++ program": Solution(language="cpp", code=CPP),
        "tests of a C program": Solution(language="c", code=C),
    }
    for name in ("one-shot Python programs", *compiled):
        with LocalJudge() as judge:
            start = iter(range(0, 1 << 30, PROGRAMS))

            def work(judge: LocalJudge = judge, name: str = name, start: Iterator[int] = start) -> None:
                if name in compiled:
                    assert judge.judge(compiled[name], STDIO, TESTS * PROGRAMS).verdict is Verdict.AC
                else:
                    for solution in different(PROGRAMS, next(start)):
                        assert judge.judge(solution, STDIO, TESTS).verdict is Verdict.AC

            work()
            print(f"each of {PROGRAMS} {name}")
            show_calls("  the judge", os.getpid(), work)
            show_calls("  its helper and the program", helper_of(judge), work)
            show_kernel("  its helper and the program", helper_of(judge), work)


if __name__ == "__main__":
    main()
