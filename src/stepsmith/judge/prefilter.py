"""A cheap guess at the first test that a Python solution fails: all tests are run in one process.

Such a run proves nothing, because a program can change what later tests see. So neither result is final.
"""

from collections.abc import Sequence

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Solution, TestCase
from stepsmith.judge.checkers import compare, is_custom
from stepsmith.judge.languages import language
from stepsmith.judge.programs import Programs
from stepsmith.judge.runs import encoded
from stepsmith.judge.verdicts import Allowance
from stepsmith.sandbox import frames


def first_suspect(
    programs: Programs, solution: Solution, contract: Contract, allowed: Allowance, tests: Sequence[TestCase]
) -> int | None:
    """Run all tests in one process; return the index of the first that seems to fail, None if all seem to pass."""
    if language(solution.language).name != "python" or is_custom(contract.checker):
        return None
    try:
        worker, prepared = programs.open_solution(solution, contract, allowed, shared=True)
        if prepared.program is None:
            return None
        outcome = worker.run(frames.pack([encoded(test.input) for test in tests]))
    except SandboxError:
        return None
    outputs = frames.unpack(outcome.result)
    for index, (test, output) in enumerate(zip(tests, outputs, strict=False)):
        actual = output.decode("utf-8", "surrogateescape")
        if not compare(contract.checker, contract.interface, test.input, test.output, actual).ok:
            return index
    return len(outputs) if len(outputs) < len(tests) else None
