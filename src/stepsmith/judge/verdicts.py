"""The verdict on the facts of one run, before its output is compared."""

import re
import signal

from stepsmith.core.records import Limits, Record, Verdict
from stepsmith.judge.languages import Language
from stepsmith.sandbox.confinement import RESERVE_MB
from stepsmith.sandbox.executable import RunLimits, RunOutcome

MB = 1 << 20
WALL_FACTOR, WALL_EXTRA_S = 5.0, 2.0  # the wall limit where a contract names none
KILL_MARGIN = 1.25  # a run is killed at this multiple of its limit; one that ends in between is run again


class Allowance(Record, frozen=True, kw_only=True):
    """What a run of a program may use: the contract's limits, and what its language's runtime needs beside them."""

    limits: Limits
    reserve_mb: int = 0  # address space that the runtime reserves and does not touch
    out_of_memory: str = ""  # regular expression for stderr, see ``Language``


def allowance(limits: Limits, language: Language, time_factor: float = 1.0) -> Allowance:
    """Return what a program of ``language`` gets where a contract says ``limits``."""
    wall_s = None if limits.wall_s is None else limits.wall_s * time_factor
    own = Limits(
        time_s=limits.time_s * time_factor,
        wall_s=wall_s,
        memory_mb=limits.memory_mb + language.runtime_mb,
        output_mb=limits.output_mb,
    )
    return Allowance(limits=own, reserve_mb=language.reserve_mb, out_of_memory=language.out_of_memory)


def run_limits(allowed: Allowance) -> RunLimits:
    """Return what the sandbox enforces."""
    limits = allowed.limits
    wall = limits.wall_s if limits.wall_s is not None else WALL_FACTOR * limits.time_s + WALL_EXTRA_S
    return RunLimits(
        cpu_s=limits.time_s * KILL_MARGIN + 0.05,
        wall_s=wall,
        memory_mb=limits.memory_mb,
        output_bytes=int(limits.output_mb * MB),
        reserve_mb=allowed.reserve_mb,
    )


def doubtful(outcome: RunOutcome, limits: Limits) -> bool:
    """Return whether a run is worth running again: a little too slow, or killed for an unknown reason."""
    slightly_slow = not outcome.end and outcome.cpu_s > limits.time_s
    return slightly_slow or (not outcome.end and outcome.signal == signal.SIGKILL)


def failure(outcome: RunOutcome, allowed: Allowance) -> tuple[Verdict, str] | None:
    """Return the verdict and message on a run that broke a limit or failed; None for a normal end.

    A memory limit shows in three ways: the peak is above it; the program's last words are that an allocation failed
    (Python's MemoryError, C++'s bad_alloc); or it crashed with its memory nearly full, or too large to be loaded.
    """
    limits = allowed.limits
    if outcome.end == "arguments":
        return Verdict.IE, outcome.stderr.decode("utf-8", "replace")
    if outcome.too_much or outcome.signal == signal.SIGXFSZ:
        return Verdict.OLE, f"more than {limits.output_mb:g} MB of output"
    if outcome.peak_mb > limits.memory_mb:
        return Verdict.MLE, f"used {outcome.peak_mb:.0f} MB of {limits.memory_mb} MB"
    if outcome.end == "memory":
        return Verdict.MLE, f"killed by the kernel for memory, {limits.memory_mb} MB"
    if outcome.end == "cpu" or outcome.cpu_s > limits.time_s or outcome.signal == signal.SIGXCPU:
        return Verdict.TLE, f"used {outcome.cpu_s:.2f} s of {limits.time_s:g} s of CPU"
    if outcome.end == "wall":
        return Verdict.TLE, f"still running after {outcome.wall_s:.1f} s with {outcome.cpu_s:.2f} s of CPU used"
    if outcome.exit_code == 0:
        return None
    if _out_of_memory(outcome, allowed):
        return Verdict.MLE, f"ran out of memory, {limits.memory_mb} MB"
    if outcome.signal is not None:
        return Verdict.RTE, f"killed by {signal_name(outcome.signal)}"
    return Verdict.RTE, f"exit code {outcome.exit_code}"


def reservation_note(outcome: RunOutcome, allowed: Allowance, level: int) -> str:
    """Return what to add to a failed test's message where memory that was only reserved may be what it lacked."""
    if level >= 3 or not _allocation_failed(outcome, allowed):
        return ""
    return f"; an allocation failed: at L{level} memory counts when it is reserved, beyond {RESERVE_MB} MB"


def _allocation_failed(outcome: RunOutcome, allowed: Allowance) -> bool:
    pattern = allowed.out_of_memory.encode()
    return bool(pattern) and re.search(pattern, outcome.stderr.rstrip()) is not None


def _out_of_memory(outcome: RunOutcome, allowed: Allowance) -> bool:
    if _allocation_failed(outcome, allowed):
        return True
    needed = max(outcome.peak_mb, outcome.image_mb)
    crashed = outcome.signal in (signal.SIGSEGV, signal.SIGKILL, signal.SIGBUS)
    return crashed and needed > 0.9 * allowed.limits.memory_mb


def signal_name(number: int) -> str:
    """Return a signal's name, or its number where it has none (real-time signals)."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
