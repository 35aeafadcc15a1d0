"""All tests of a Python solution in one process.

That is cheap, and only a guess, because a program can change what later tests see. The first test that seems to fail
is run again by itself. Where a program is known to keep nothing between its runs, the outputs are taken as they are.
"""

from collections.abc import Sequence

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Solution, TestCase
from stepsmith.judge.checkers import compare, is_custom
from stepsmith.judge.languages import language
from stepsmith.judge.programs import CompileError, Programs
from stepsmith.judge.runs import SEARCHED, Runnable, encoded
from stepsmith.judge.verdicts import Allowance
from stepsmith.sandbox import frames


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


def first_suspect(
    programs: Programs, solution: Solution, contract: Contract, allowed: Allowance, tests: Sequence[TestCase]
) -> int | None:
    """Run all tests in one process; return the index of the first that seems to fail, None if all seem to pass."""
    ran = outputs_together(programs, solution, contract, allowed, [test.input for test in tests])
    if ran is None:
        return None
    outputs, _ = ran
    for index, (test, actual) in enumerate(zip(tests, outputs, strict=False)):
        if not compare(contract.checker, contract.interface, test.input, test.output, actual).ok:
            return index
    return len(outputs) if len(outputs) < len(tests) else None
