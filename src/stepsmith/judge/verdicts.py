"""From the facts of one run to a verdict, before any output is compared."""

import signal

from stepsmith.core.records import Limits, Verdict
from stepsmith.sandbox.executable import RunLimits, RunOutcome

MB = 1 << 20
WALL_FACTOR, WALL_EXTRA_S = 5.0, 2.0  # the wall limit where a contract names none
KILL_MARGIN = 1.25  # a run is killed at this multiple of its limit; what ends in between was close, and is run again


def run_limits(limits: Limits) -> RunLimits:
    """Return what the sandbox enforces for a contract's limits."""
    wall = limits.wall_s if limits.wall_s is not None else WALL_FACTOR * limits.time_s + WALL_EXTRA_S
    return RunLimits(
        cpu_s=limits.time_s * KILL_MARGIN + 0.05,
        wall_s=wall,
        memory_mb=limits.memory_mb,
        output_bytes=int(limits.output_mb * MB),
    )


def doubtful(outcome: RunOutcome, limits: Limits) -> bool:
    """Say whether a run is worth running again: a little too slow, or killed and nobody knows by whom."""
    slightly_slow = not outcome.end and outcome.cpu_s > limits.time_s
    return slightly_slow or (not outcome.end and outcome.signal == signal.SIGKILL)


def failure(outcome: RunOutcome, limits: Limits) -> tuple[Verdict, str] | None:
    """Return the verdict and message on a run that broke a limit or failed; None for a normal end.

    A memory limit shows in three ways: the peak is above it; the program says that an allocation failed (Python's
    MemoryError, C++'s bad_alloc); or it crashed with its memory nearly full, or too large to be loaded.
    """
    if outcome.too_much or outcome.signal == signal.SIGXFSZ:
        return Verdict.OLE, f"more than {limits.output_mb:g} MB of output"
    if outcome.peak_mb > limits.memory_mb:
        return Verdict.MLE, f"used {outcome.peak_mb:.0f} MB of {limits.memory_mb} MB"
    if outcome.end == "cpu" or outcome.cpu_s > limits.time_s or outcome.signal == signal.SIGXCPU:
        return Verdict.TLE, f"used {outcome.cpu_s:.2f} s of {limits.time_s:g} s of CPU"
    if outcome.end == "wall":
        return Verdict.TLE, f"still running after {outcome.wall_s:.1f} s with {outcome.cpu_s:.2f} s of CPU used"
    if outcome.exit_code == 0:
        return None
    if _out_of_memory(outcome, limits):
        return Verdict.MLE, f"ran out of memory, {limits.memory_mb} MB"
    if outcome.signal is not None:
        return Verdict.RTE, f"killed by {_signal_name(outcome.signal)}"
    return Verdict.RTE, f"exit code {outcome.exit_code}"


def _out_of_memory(outcome: RunOutcome, limits: Limits) -> bool:
    last_line = outcome.stderr.rstrip().rpartition(b"\n")[2]
    if last_line.startswith(b"MemoryError") or b"std::bad_alloc" in outcome.stderr[-400:]:
        return True
    needed = max(outcome.peak_mb, outcome.image_mb)
    return outcome.signal in (signal.SIGSEGV, signal.SIGKILL, signal.SIGBUS) and needed > 0.9 * limits.memory_mb


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
