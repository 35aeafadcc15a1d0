"""How fast the judge is, as ratios to one `subprocess.run` per test: `python benchmarks/judge.py [--rounds N]`.

Every round runs every contestant once, so that a busy machine slows them alike; the ratios are medians over rounds of
ratios within a round. CPU counts the judge, its workers and all programs.
"""

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stepsmith.core.records import Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.binaries import BinaryCache
from stepsmith.judge.languages import installed, language
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool

NUMBERS = list(range(20))
INPUT = " ".join(map(str, NUMBERS)) + "\n"
EXPECTED = f"{sum(NUMBERS)}\n"
PYTHON = "import sys\nprint(sum(map(int, input().split())))\n"
FUNCTION = "def solve(numbers):\n    return sum(numbers)\n"
CPP = "#include <iostream>\nint main() { long s = 0, x; while (std::cin >> x) s += x; std::cout << s << '\\n'; }\n"
STDIO = Contract(interface="stdio", limits=Limits(time_s=5))
CALL = Contract(interface="function", entry_point="solve")
TESTS = [TestCase(input=INPUT, output=EXPECTED)]
TICK = os.sysconf("SC_CLK_TCK")

Contestant = tuple[str, Callable[[], None], Callable[[], float]]  # name, one round, CPU seconds so far


def by_subprocess(command: list[str], runs: int) -> None:
    for _ in range(runs):
        done = subprocess.run(command, input=INPUT.encode(), capture_output=True, check=True)
        assert done.stdout.decode() == EXPECTED


def by_judge(judge: LocalJudge | JudgePool, solution: Solution, solutions: int, tests: int) -> None:
    for _ in range(solutions):
        assert judge.judge(solution, STDIO, TESTS * tests).verdict is Verdict.AC


def by_call(judge: LocalJudge, solutions: int, tests: int) -> None:
    cases = [TestCase(input=repr((NUMBERS,)), output=repr(sum(NUMBERS)))] * tests
    for _ in range(solutions):
        assert judge.judge(Solution(language="python", code=FUNCTION), CALL, cases).verdict is Verdict.AC


def by_pool(pool: JudgePool, workers: int, solutions: int, tests: int) -> None:
    with ThreadPoolExecutor(workers) as threads:
        list(
            threads.map(lambda _: by_judge(pool, Solution(language="python", code=PYTHON), 1, tests), range(solutions))
        )


def by_rejecting(judge: LocalJudge, solutions: int, tests: int) -> None:
    """Reject programs that are wrong on the last test only."""
    cases = [*TESTS * (tests - 1), TestCase(input="7\n", output="wrong\n")]
    for _ in range(solutions):
        judgement = judge.judge(Solution(language="python", code=PYTHON), STDIO, cases, stop_at_first_failure=True)
        assert judgement.verdict is Verdict.WA
        assert len(judgement.tests) == tests


def own_cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def with_workers(*judges: LocalJudge) -> Callable[[], float]:
    """Return the CPU of this process and of the judges' workers, with what their solutions used."""

    def cpu() -> float:
        total = own_cpu()
        for judge in judges:
            judge.judge(Solution(language="python", code="pass"), STDIO, [])  # ends the solution before, so it counts
            for worker in judge._programs.worker_set._workers.values():
                fields = Path(f"/proc/{worker.server.pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15])) / TICK
        return total

    return cpu


@contextlib.contextmanager
def contestants(solutions: int, tests: int) -> Iterator[list[Contestant]]:
    runs = solutions * tests
    python = Solution(language="python", code=PYTHON)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = folder / "solution.py"
        file.write_text(PYTHON)
        judge = stack.enter_context(LocalJudge())
        filtering = stack.enter_context(LocalJudge(prefilter=True))
        found: list[Contestant] = [
            ("subprocess, Python", lambda: by_subprocess([sys.executable, str(file)], runs // 4), own_cpu),
            (
                f"judge {judge.isolation}, Python",
                lambda: by_judge(judge, python, solutions, tests),
                with_workers(judge),
            ),
            (f"judge {judge.isolation}, function", lambda: by_call(judge, solutions, tests), with_workers(judge)),
            ("judge, rejecting", lambda: by_rejecting(judge, solutions, tests), with_workers(judge)),
            ("  with the pre-filter", lambda: by_rejecting(filtering, solutions, tests), with_workers(filtering)),
        ]
        for workers in (1, 2, os.cpu_count() or 1):
            if not any(name == f"pool of {workers}" for name, _, _ in found):
                pool = stack.enter_context(JudgePool(workers))
                work = lambda pool=pool, workers=workers: by_pool(pool, workers, solutions * 2, tests)  # noqa: E731
                found.append((f"pool of {workers}", work, with_workers(*pool._judges)))
        if "cpp" in installed():
            cpp = Solution(language="cpp", code=CPP)
            judge.judge(cpp, STDIO, [])
            binary = folder / "solution"
            binary.write_bytes(BinaryCache().get(BinaryCache.key(language("cpp"), (("solution.cpp", CPP),))) or b"")
            binary.chmod(0o755)
            found.append(("subprocess, C++", lambda: by_subprocess([str(binary)], runs), own_cpu))
            found.append(
                (f"judge {judge.isolation}, C++", lambda: by_judge(judge, cpp, solutions, tests), with_workers(judge))
            )
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--solutions", type=int, default=12, help="in a round")
    parser.add_argument("--tests", type=int, default=10, help="of each solution")
    options = parser.parse_args()
    runs = options.solutions * options.tests
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with contestants(options.solutions, options.tests) as all_of_them:
        for number in range(options.rounds + 1):
            for name, work, cpu in all_of_them:
                count = runs // 4 if name == "subprocess, Python" else runs * 2 if name.startswith("pool") else runs
                used, started = cpu(), time.perf_counter()
                work()
                wall = time.perf_counter() - started
                used = cpu() - used
                if number:  # the first round warms up
                    rates.setdefault(name, []).append(count / wall)
                    costs.setdefault(name, []).append(used / count * 1e3)
    print(f"{options.rounds} rounds, {options.solutions} solutions of {options.tests} tests, {os.cpu_count()} CPUs")
    print(f"{'':24}{'runs/s':>8}{'(min–max)':>15}{'CPU ms/run':>12}{'× rate':>9}{'× CPU':>8}")
    for name in rates:
        base = "subprocess, C++" if "C++" in name else "subprocess, Python"
        rate = statistics.median(own / other for own, other in zip(rates[name], rates[base], strict=True))
        cost = statistics.median(other / own for own, other in zip(costs[name], costs[base], strict=True))
        spread = f"({min(rates[name]):.0f}–{max(rates[name]):.0f})"
        median_rate, median_cost = statistics.median(rates[name]), statistics.median(costs[name])
        print(f"{name:24}{median_rate:8.0f}{spread:>15}{median_cost:12.2f}{rate:9.1f}{cost:8.1f}")
    noise = statistics.pstdev(rates["subprocess, Python"]) / statistics.mean(rates["subprocess, Python"])
    print(f"noise of the machine: the rate of subprocess varies by {noise:.0%} (standard deviation over rounds)")


if __name__ == "__main__":
    main()
