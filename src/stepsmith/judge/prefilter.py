"""All tests of a Python solution in one process.

That is cheap, and only a guess, because a program can change what later tests see. The first test that seems to fail
is run again by itself. Where a program is known to keep nothing between its runs, the outputs are taken as they are.
"""

from collections.abc import Sequence

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.checkers import compare, is_custom
from stepsmith.judge.languages import language
from stepsmith.judge.programs import CompileError, Programs
from stepsmith.judge.runs import SEARCHED, Runnable, encoded
from stepsmith.judge.verdicts import Allowance
from stepsmith.sandbox import frames

SHARED = "passed in a run that all tests shared"


def outputs_together(
    programs: Programs, solution: Solution, contract: Contract, allowed: Allowance, texts: Sequence[str]
) -> tuple[list[str], float] | None:
    """Run a solution on all inputs in one process; return its outputs up to the first failure, and CPU seconds.

    None for solutions that cannot be run so, do not compile, or meet a failure of our own machinery.
    """
    if language(solution.language).name != "python" or is_custom(contract.checker):
        return None
    try:
        program: Runnable | None = programs.one_shot(solution, contract, allowed, shared=True)
        if program is None:
            program, prepared = programs.open_solution(solution, contract, allowed, shared=True)
            if prepared.program is None:
                return None
        outcome = program.run(frames.pack([encoded(text) for text in texts]), stderr_bytes=SEARCHED)
    except (SandboxError, CompileError):
        return None
    return [output.decode("utf-8", "surrogateescape") for output in frames.unpack(outcome.result)], outcome.cpu_s


def results_together(
    programs: Programs, solution: Solution, contract: Contract, allowed: Allowance, tests: Sequence[TestCase]
) -> tuple[TestResult, ...] | None:
    """Run all tests in one process; return results up to the first wrong output or the first test that has none.

    None where ``outputs_together`` is None.
    """
    ran = outputs_together(programs, solution, contract, allowed, [test.input for test in tests])
    if ran is None:
        return None
    outputs, cpu_s = ran
    results: list[TestResult] = []
    for test, actual in zip(tests, outputs, strict=False):
        found = compare(contract.checker, contract.interface, test.input, test.output, actual)
        verdict, message = (Verdict.AC, SHARED) if found.ok else (Verdict.WA, found.message)
        results.append(TestResult(verdict=verdict, cpu_s=cpu_s / len(outputs), message=message))
        if not found.ok:
            break
    return tuple(results)
