"""How fast the judge is, as ratios to one `subprocess.run` per test: `python benchmarks/judge.py [--rounds N]`.

With `--one-shot`: many different Python programs with one test each, as wrong completions in RL are; then where the CPU
time of such a program goes. With `--start`: how long an interpreter, a worker with its proof, and `judge one` take.

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
from functools import partial
from pathlib import Path

from lean_http import tree_cpu

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
C = '#include <stdio.h>\nint main(void) { long s = 0, x; while (scanf("%ld", &x) == 1) s += x; printf("%ld\\n", s); }\n'
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
            total += sum(tree_cpu(worker.server.pid) for worker in judge._programs.worker_set._workers.values())
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
        for name, kind, code in (("C++", "cpp", CPP), ("C", "c", C)):
            if kind in installed():
                compiled = Solution(language=kind, code=code)
                judge.judge(compiled, STDIO, TESTS)
                binary = folder / kind
                source = (language(kind).main, code)
                binary.write_bytes(BinaryCache().get(BinaryCache.key(language(kind), (source,))) or b"")
                binary.chmod(0o755)
                found.append((f"subprocess, {name}", partial(by_subprocess, [str(binary)], runs), own_cpu))
                work = partial(by_judge, judge, compiled, solutions, tests)
                found.append((f"judge {judge.isolation}, {name}", work, with_workers(judge)))
        yield found


def different(count: int, start: int) -> list[Solution]:
    """Return ``count`` programs, no two alike."""
    return [Solution(language="python", code=f"{PYTHON}# {start + n}\n") for n in range(count)]


def one_shot(rounds: int, count: int) -> None:
    """Print the rates of different programs with one test, and the CPU of each process that takes part."""
    bare = [os.path.realpath(sys.executable), "-I", "-S"]
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, LocalJudge() as judge, JudgePool(workers) as pool:
        file = Path(folder) / "solution.py"
        file.write_text(PYTHON)
        number = iter(range(0, 1 << 30, count))

        def alone(tests: int) -> None:
            for solution in different(count, next(number)):
                assert judge.judge(solution, STDIO, TESTS * tests).verdict is Verdict.AC

        def together() -> None:
            with ThreadPoolExecutor(workers) as threads:
                for judgement in threads.map(lambda s: pool.judge(s, STDIO, TESTS), different(count, next(number))):
                    assert judgement.verdict is Verdict.AC

        work = {
            "python, as it is": lambda: by_subprocess([sys.executable, str(file)], count // 4),
            "python -I -S (bare)": lambda: by_subprocess([*bare, str(file)], count // 4),
            f"judge {judge.isolation}": lambda: alone(1),
            f"judge {judge.isolation}, two tests": lambda: alone(2),
            f"pool of {workers}": together,
        }
        rates: dict[str, list[float]] = {name: [] for name in work}
        for turn in range(rounds + 1):
            for name, run in work.items():
                started = time.perf_counter()
                run()
                if turn:  # the first round warms up
                    programs = count // 4 if name.startswith("python") else count
                    rates[name].append(programs / (time.perf_counter() - started))
        print(f"{rounds} rounds of {count} different programs with one test, {os.cpu_count()} CPUs")
        print(f"{'':24}{'programs/s':>11}{'(min–max)':>15}{'× bare':>9}")
        for name, found in rates.items():
            ratio = statistics.median(
                own / other for own, other in zip(found, rates["python -I -S (bare)"], strict=True)
            )
            spread = f"({min(found):.0f}–{max(found):.0f})"
            print(f"{name:24}{statistics.median(found):11.0f}{spread:>15}{ratio:9.1f}")
        alone(1)
        before, own = one_shot_cpu(judge), own_cpu()
        alone(1)
        spent = [(b - a) / count for a, b in zip(before, one_shot_cpu(judge), strict=True)]
        mine = (own_cpu() - own) / count
        print(f"\nCPU of one program: {(mine + sum(spent[:4])) * 1e3:.2f} ms")
        print(f"{'the judge: packets, memory files, comparing':52}{mine * 1e3:6.2f} ms")
        print(f"{'its supervisor: fork, watch, reap':52}{sum(spent[:2]) * 1e3:6.2f} ms")
        print(f"{'its own process, user: compile, run, end':52}{spent[2] * 1e3:6.2f} ms")
        print(f"{'its own process, system: page faults, confinement':52}{spent[3] * 1e3:6.2f} ms")
        print(f"{'its page faults':52}{spent[4]:6.0f}")


def one_shot_cpu(judge: LocalJudge) -> list[float]:
    """Return the supervisor's CPU seconds (user, system), those of its children, and their page faults."""
    (worker,) = judge._programs.worker_set._workers.values()
    (child,) = Path(f"/proc/{worker.server.pid}/task/{worker.server.pid}/children").read_text().split()
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return [*(int(field) / TICK for field in fields[11:15]), int(fields[8])]


def starts(rounds: int) -> None:
    """Print how long interpreters, a worker with the proof of its level, and `judge one` take, in milliseconds."""
    python, bare = sys.executable, os.path.realpath(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("solution.py", PYTHON), ("1.in", INPUT), ("1.ans", EXPECTED)):
            (Path(folder) / name).write_text(text)
        one = [
            str(Path(python).with_name("stepsmith")),
            "judge",
            "one",
            "solution.py",
            "--in",
            "1.in",
            "--ans",
            "1.ans",
        ]

        def run(*command: str) -> None:
            subprocess.run(command, check=True, cwd=folder, capture_output=True)

        work = {
            "python -I -S (the bare interpreter)": lambda: run(bare, "-I", "-S", "-c", "pass"),
            "python -I (with site)": lambda: run(bare, "-I", "-c", "pass"),
            "python, as it is in this environment": lambda: run(python, "-c", "pass"),
            "a worker with its proof": lambda: LocalJudge().close(),
            "stepsmith judge one, to its end": lambda: run(*one),
            "stepsmith --version": lambda: run(one[0], "--version"),
        }
        taken: dict[str, list[float]] = {name: [] for name in work}
        for turn in range(rounds + 1):
            for name, start in work.items():
                began = time.perf_counter()
                start()
                if turn:  # the first round warms up
                    taken[name].append(1e3 * (time.perf_counter() - began))
    print(f"{rounds} rounds, milliseconds")
    for name, found in taken.items():
        print(f"{name:40}{statistics.median(found):8.0f}{f'({min(found):.0f}–{max(found):.0f})':>15}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--solutions", type=int, default=12, help="in a round")
    parser.add_argument("--tests", type=int, default=10, help="of each solution")
    parser.add_argument("--one-shot", action="store_true", help="many programs with one test each")
    parser.add_argument("--start", action="store_true", help="how soon there is a first answer")
    parser.add_argument("--programs", type=int, default=400, help="in a round of --one-shot")
    options = parser.parse_args()
    if options.start:
        starts(options.rounds)
        return
    if options.one_shot:
        one_shot(options.rounds, options.programs)
        return
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
    print(f"{'':24}{'runs/s':>8}{'(min–max)':>15}{'CPU ms/run':>12}{'× rate':>9}{'(min–max)':>13}{'× CPU':>8}")
    for name in rates:
        base = f"subprocess, {name.rpartition(', ')[2]}"
        base = base if base in rates else "subprocess, Python"
        faster = [own / other for own, other in zip(rates[name], rates[base], strict=True)]
        cheaper = statistics.median(other / own for own, other in zip(costs[name], costs[base], strict=True))
        spread, around = f"({min(rates[name]):.0f}–{max(rates[name]):.0f})", f"({min(faster):.2f}–{max(faster):.2f})"
        median_rate, median_cost = statistics.median(rates[name]), statistics.median(costs[name])
        line = f"{name:24}{median_rate:8.0f}{spread:>15}{median_cost:12.2f}{statistics.median(faster):9.2f}"
        print(f"{line}{around:>13}{cheaper:8.2f}")
    noise = statistics.pstdev(rates["subprocess, Python"]) / statistics.mean(rates["subprocess, Python"])
    print(f"noise of the machine: the rate of subprocess varies by {noise:.0%} (standard deviation over rounds)")


if __name__ == "__main__":
    main()
