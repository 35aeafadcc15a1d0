"""From runs of the harness to verdicts: programs with a check, and EvalPlus' inputs."""

from collections.abc import Sequence

from stepsmith.benchmarks.harness import HarnessRun, HarnessSettings, run_checks, run_samples
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.references import References, reference_program
from stepsmith.benchmarks.verdict import Outcome, SampleVerdict
from stepsmith.core.records import Limits
from stepsmith.judge.protocol import Judge

# EvalPlus 0.3.1, evalplus/config.py and evalplus/eval/__init__.py: seconds for one input, and for all.
MIN_TIME_LIMIT_S, REFERENCE_FACTOR, ALL_INPUTS_S, EXTRA_S = 4.0, 4.0, 60.0, 2.0
SHOWN = 300  # characters of a failed test

_OUTCOMES: dict[str, Outcome] = {
    "passed": "passed", "wrong": "wrong answer", "timed out": "time limit", "memory": "memory limit",
    "syntax": "syntax", "error": "not judged",
}  # fmt: skip


def check_verdicts(
    judge: Judge, problem: BenchmarkProblem, programs: Sequence[str], limit_s: float, harness: HarnessSettings
) -> list[SampleVerdict]:
    """Judge programs by the problem's check program, with ``limit_s`` seconds for each."""
    runs = run_checks(judge, programs, problem.check, limit_s, harness)
    return [_check_verdict(problem, program, run) for program, run in zip(programs, runs, strict=True)]


def _check_verdict(problem: BenchmarkProblem, program: str, run: HarnessRun) -> SampleVerdict:
    line = run.details[2] if len(run.details) > 2 else 0
    lines = f"{program}\n{problem.check}".split("\n")
    failed = _brief(lines[line - 1].strip()) if 0 < line <= len(lines) else ""
    return SampleVerdict(outcome=outcome_of(run), message=run.text, failed_test=failed, cpu_s=round(run.cpu_s, 4))


def outcome_of(run: HarnessRun) -> Outcome:
    """Return how a run ended, in the words of failure analysis."""
    if run.status == "failed" and run.text.startswith("MemoryError"):
        return "memory limit"
    return _OUTCOMES.get(run.status, "crash")


def inputs_verdicts(
    judge: Judge,
    problem: BenchmarkProblem,
    programs: Sequence[str],
    dataset: str,
    references: References,
    harness: HarnessSettings,
    least_s: float = MIN_TIME_LIMIT_S,
) -> list[SampleVerdict]:
    """Judge programs by EvalPlus' rules: on the base inputs and, in a new process, on the added ones.

    ``least_s`` is the shortest limit for an input. ``dataset`` is "humaneval" or "mbpp", as EvalPlus calls them. A
    sample passes if it passes both.
    """
    outputs = references.outputs(judge, problem, dataset)
    code = reference_program(problem, dataset, outputs.packed)
    runs: list[list[HarnessRun]] = []
    for first, last in ((0, problem.base_inputs), (problem.base_inputs, len(problem.inputs))):
        limits = [max(least_s, REFERENCE_FACTOR * s) * harness.time_factor for s in outputs.seconds[first:last]]
        total = min(ALL_INPUTS_S * harness.time_factor, sum(limits)) + EXTRA_S * harness.time_factor
        allowed = Limits(time_s=total, wall_s=4 * total, memory_mb=4096, output_mb=64)
        calls = [(program, first, last, limits, total, problem.atol, harness.recursion_limit) for program in programs]
        runs.append(run_samples(judge, code, allowed, calls))
    return [_inputs_verdict(problem, base, plus) for base, plus in zip(*runs, strict=True)]


def _inputs_verdict(problem: BenchmarkProblem, base: HarnessRun, plus: HarnessRun) -> SampleVerdict:
    failed = next((run for run in (base, plus) if run.status != "passed"), base)
    index, got = failed.details[2:4] if len(failed.details) > 3 else (-1, "")
    return SampleVerdict(
        outcome=outcome_of(failed),
        message=failed.text,
        failed_test=_brief(f"{problem.entry_point}{problem.inputs[index]}") if index >= 0 else "",
        got=got if index >= 0 and failed.status == "wrong" else "",
        cpu_s=round(base.cpu_s + plus.cpu_s, 4),
        parts=(("base", base.status == "passed"), ("plus", plus.status == "passed")),
    )


def _brief(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
