"""Does a program pass a suite? One answer for checks and replays, with the comparison of the suite's own harness."""

from stepsmith.audit.steps import Suite
from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, Solution, TestCase, Verdict
from stepsmith.judge.checkers import judges_texts
from stepsmith.judge.protocol import Judge
from stepsmith.verify.formats.harness import HarnessName, harness_accepts

PASSED = "'passed'"


def first_failed(judge: Judge, suite: Suite, program: Solution) -> int | None:
    """Return the index of the first test that ``program`` fails, or None where it passes them all.

    A suite of code counts as one test. Raises ``SandboxError`` if our own machinery fails (IE).
    """
    if suite.code:
        return None if _passes_code(judge, suite, program) else 0
    tests = [TestCase(input=test.input, output=test.output) for test in suite.tests]
    if suite.harness is None or not judges_texts(suite.contract.checker):
        judgement = judge.judge(program, suite.contract, tests, stop_at_first_failure=True)
        if judgement.verdict is Verdict.AC:
            return None
        if judgement.verdict is Verdict.IE:
            raise SandboxError(judgement.tests[-1].message if judgement.tests else "the judge failed")
        return max(0, len(judgement.tests) - 1)
    done, step = 0, 1
    while done < len(tests):
        chunk = tests[done : done + step]
        runs = judge.execute(program, suite.contract, [test.input for test in chunk])
        for k, (test, run) in enumerate(zip(chunk, runs, strict=True)):
            if run.verdict is Verdict.IE:
                raise SandboxError(run.message)
            if run.verdict is not Verdict.AC or not accepts(
                judge, suite.contract, suite.harness, test.input, test.output, run.output
            ):
                return done + k
        done, step = done + len(chunk), 2 * step
    return None


def accepts(
    judge: Judge, contract: Contract, harness: HarnessName | None, input_text: str, expected: str, actual: str
) -> bool:
    """Return whether ``actual`` is accepted where ``expected`` is right, by the checker or the harness."""
    return (
        expected == actual
        or judge.agree(contract, input_text, expected, actual)
        or (harness is not None and harness_accepts(harness, contract.interface, expected, actual))
    )


def behind(program: Solution, code: str) -> Solution:
    """Return the program with a suite's code behind it."""
    return Solution(language=program.language, code=f"{program.code}\n\n{code}\n")


def _passes_code(judge: Judge, suite: Suite, program: Solution) -> bool:
    (run,) = judge.execute(behind(program, suite.code), suite.contract, ["()"])
    if run.verdict is Verdict.IE:
        raise SandboxError(run.message)
    return run.verdict is Verdict.AC and run.output == PASSED
