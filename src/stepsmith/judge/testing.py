"""Judge an open solution on one test: run it, and compare with a built-in checker or a custom one."""

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Contract, TestCase, TestResult, Verdict
from stepsmith.judge.checkers import CheckResult, compare, custom_kind, run_custom, run_pass
from stepsmith.judge.checkers.custom import ACCEPTS, LIMITS, MESSAGE, Files, kattis_program
from stepsmith.judge.interaction import Pass, decide, interactor_limits, judge_passes
from stepsmith.judge.programs import CheckerRunner, OneShot, Programs
from stepsmith.judge.runs import RERUNS, SEARCHED, measured, output_of, stderr_of
from stepsmith.judge.verdicts import MB, Allowance, doubtful, reservation_note
from stepsmith.judge.worker_set import CHECKERS
from stepsmith.sandbox.executable import RunOutcome
from stepsmith.sandbox.interaction import interact
from stepsmith.sandbox.worker import Worker


def judge_test(
    programs: Programs, worker: Worker | OneShot, contract: Contract, allowed: Allowance, test: TestCase
) -> TestResult:
    """Judge the solution that ``worker`` has ready on one test. After a ``SandboxError`` it must be opened again."""
    kind = custom_kind(contract.checker.name)

    def one(text: str, feedback: Files) -> Pass:
        if kind is not None and kind.interactive:
            return _interact(programs, worker, contract, allowed, text, test.output, feedback)
        return _run_and_compare(programs, worker, contract, allowed, text, test.output, feedback)

    return judge_passes(test.input, kind.passes if kind else 1, one)


def _run_and_compare(
    programs: Programs,
    worker: Worker | OneShot,
    contract: Contract,
    allowed: Allowance,
    text: str,
    answer: str,
    feedback: Files,
) -> Pass:
    outcome, failed = measured(worker, contract, allowed, text)
    left: Files = ()
    if failed:
        verdict, message = failed
    else:
        try:
            checked, left = _compare(programs, contract, text, answer, output_of(outcome, contract), feedback)
            verdict, message = Verdict.AC if checked.ok else Verdict.WA, checked.message
        except SandboxError as error:  # of the checker, which has been tried more than once
            verdict, message = Verdict.IE, str(error)
    return Pass(result=_result(worker, allowed, outcome, verdict, message), feedback=left)


def _compare(
    programs: Programs, contract: Contract, text: str, answer: str, actual: str, feedback: Files
) -> tuple[CheckResult, Files]:
    kind, checker = custom_kind(contract.checker.name), contract.checker
    if kind is None:
        return compare(checker, contract.interface, text, answer, actual), ()
    if kind.passes > 1:
        return run_pass(CheckerRunner(programs), checker, text, answer, actual, feedback)
    return run_custom(CheckerRunner(programs), checker, text, answer, actual), ()


def _interact(
    programs: Programs,
    worker: Worker | OneShot,
    contract: Contract,
    allowed: Allowance,
    text: str,
    answer: str,
    feedback: Files,
) -> Pass:
    """Run the open solution against its interactor, again where the machine may be to blame."""
    assert isinstance(worker, Worker)  # ``Programs.one_shot`` leaves out checkers that talk with the program
    program = kattis_program(contract.checker, text, answer, feedback)
    program = msgspec.structs.replace(program, limits=interactor_limits(allowed))
    try:
        for _ in range(1 + RERUNS):
            interactor, own, prepared = programs.open(program, CHECKERS)
            if prepared.program is None:
                message = f"the interactor does not compile: {prepared.text.strip()[:MESSAGE]}"
                return Pass(result=TestResult(verdict=Verdict.IE, message=message))
            met = interact(worker, interactor, program.args, accepts=ACCEPTS, stderr_bytes=SEARCHED)
            if met.interactor_first or not doubtful(met.solution, allowed.limits):
                break
        left = tuple(interactor.collect(program.collect, int(LIMITS.output_mb * MB)).items())
    except SandboxError:
        programs.drop(CHECKERS)
        raise
    return Pass(result=_result(worker, allowed, met.solution, *decide(met, allowed, own, left)), feedback=left)


def _result(
    worker: Worker | OneShot, allowed: Allowance, outcome: RunOutcome, verdict: Verdict, message: str
) -> TestResult:
    if verdict not in (Verdict.AC, Verdict.IE):
        message += reservation_note(outcome, allowed, worker.server.level)
    return TestResult(
        verdict=verdict, cpu_s=outcome.cpu_s, wall_s=outcome.wall_s, peak_mb=outcome.peak_mb,
        exit_code=outcome.exit_code, signal=outcome.signal, stderr=stderr_of(outcome), message=message,
    )  # fmt: skip
