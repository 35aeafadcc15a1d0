"""Running samples as the official harnesses of HumanEval and EvalPlus do, in our sandbox.

The check runs in the process of the sample, as the official rules want it: a sample may pass by changing what equality
means, as it may there. What it cannot do is end the process early and count as passed, or touch the machine.
"""

import secrets
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Contract, Execution, Limits, Record, Solution, Verdict
from stepsmith.judge.ours import ours
from stepsmith.judge.packages import wanted
from stepsmith.judge.protocol import Judge

RULES = "4"  # changed with every change of the rules, so that verdicts in a cache are not used under other rules
RECURSION = 983  # the official harness' first depth, from the check, that fails under CPython's limit of 1,000
KILL_MARGIN = 1.1  # as in files/harness.py
REPEATS = 2  # how often a sample that passed a little too slowly runs again
MEMORY_MB = 4096  # EvalPlus' limit; HumanEval sets none

_PROBE = "def depth(n):\n    return 0 if n <= 1 else depth(n - 1)\n"
_PROBED = f"""
def check(candidate):
    for n in range({RECURSION - 200}, {RECURSION + 200}):
        try:
            candidate(n)
        except RecursionError:
            break
    raise Exception(n)

check(depth)"""


class HarnessSettings(Record, frozen=True, kw_only=True):
    """What the harness needs to know of this machine: see ``measured_harness``."""

    time_factor: float = 1.0  # the official time limits are multiplied by it
    recursion_limit: int = 1000  # which allows the official depth of recursion


class HarnessRun(NamedTuple):
    """The result of one run. ``status``: passed, wrong, failed, syntax, timed out, memory, died, or error (ours)."""

    status: str
    text: str = ""
    cpu_s: float = 0.0
    details: tuple[Any, ...] = ()


@cache
def harness_program(name: str) -> str:
    """Return the program that runs samples in the sandbox: "run_check" or "run_inputs"; see ``run_samples``."""
    folder = files("stepsmith.benchmarks") / "files"
    return "\n".join((folder / f"{part}.py").read_text("utf-8") for part in ("endless", "forever", "harness", name))


def run_checks(
    judge: Judge, answers: Sequence[str], check: str, limit_s: float, harness: HarnessSettings
) -> list[HarnessRun]:
    """Run answers with a check behind them, as ``unsafe_execute`` of HumanEval does; in their order."""
    limit = limit_s * harness.time_factor
    limits = Limits(time_s=limit * KILL_MARGIN + 1.0, wall_s=4 * limit + 10, memory_mb=MEMORY_MB, output_mb=64)
    return run_samples(
        judge,
        harness_program("run_check"),
        limits,
        [(f"{answer}\n{check}", answer.count("\n") + 2, limit, harness.recursion_limit) for answer in answers],
    )


def run_samples(
    judge: Judge, program: str, limits: Limits, calls: Sequence[tuple[Any, ...]], function: str = "run_sample"
) -> list[HarnessRun]:
    """Call a function of a harness program with a token and arguments, each call in a process of its own.

    The first argument is the sample's program. Packages that it names are loaded for it, and only for it, since a fork
    costs by the memory of its process. A run that passed, but took longer than its limit, is repeated: a busy machine
    makes programs slower.
    """
    contract = Contract(interface="function", entry_point=function, limits=limits)
    results = _run_once(judge, program, contract, calls)
    for _ in range(REPEATS):
        slow = [k for k, run in enumerate(results) if run.status == "slow"]
        if not slow:
            break
        for k, run in zip(slow, _run_once(judge, program, contract, [calls[k] for k in slow]), strict=True):
            results[k] = run
    return [run._replace(status="timed out") if run.status == "slow" else run for run in results]


def _run_once(judge: Judge, program: str, contract: Contract, calls: Sequence[tuple[Any, ...]]) -> list[HarnessRun]:
    token = secrets.token_hex(8)
    by_packages: dict[tuple[str, ...], list[int]] = {}
    for k, call in enumerate(calls):
        by_packages.setdefault(wanted(f"import {call[0]}"), []).append(k)
    results: dict[int, HarnessRun] = {}
    for names, numbers in by_packages.items():
        code = Solution(language="python", code=ours(f"{program}\nPACKAGES = {names!r}\n"))
        runs = judge.execute(code, contract, [repr((token, *calls[k])) for k in numbers])
        results.update((k, _read(run, token)) for k, run in zip(numbers, runs, strict=True))
    return [results[k] for k in range(len(calls))]


def _read(run: Execution, token: str) -> HarnessRun:
    """Return what a harness program reported; a run without a report has died, whatever its exit code."""
    if run.verdict is Verdict.AC:
        try:
            reported, status, text, *details = read_literal(run.output)
            most, rang = details[:2] if details and isinstance(details[0], float) else (0.0, False)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return HarnessRun("died", "wrote something else than a result", run.cpu_s)
        if reported != token:
            return HarnessRun("died", "wrote a result of its own", run.cpu_s)
        if status == "passed" and most > 1.0 and not rang:
            return HarnessRun("slow", f"used {most:.2f} of its time limit", run.cpu_s)
        return HarnessRun(status, text, run.cpu_s, tuple(details))
    if run.verdict is Verdict.IE or run.verdict is Verdict.CE:
        return HarnessRun("error", run.message, run.cpu_s)
    status = {Verdict.TLE: "timed out", Verdict.MLE: "memory"}.get(run.verdict, "died")
    return HarnessRun(status, run.message, run.cpu_s)


def official_recursion(judge: Judge) -> int:
    """Return the recursion limit under which a sample can recurse as deep as in the official harness."""
    (run,) = run_checks(judge, [_PROBE], _PROBED, 10.0, HarnessSettings())
    word = run.text.rpartition(" ")[2]
    return 1000 + (RECURSION - int(word)) if word.isdigit() else 1000
