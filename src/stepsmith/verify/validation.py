"""Input validators: which inputs are within the statement. A validator that does not work is reported as that."""

import re
from collections.abc import Sequence

import msgspec

from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.records import Contract, Execution, Interface, Limits, Record, Solution, Verdict
from stepsmith.judge.program import Program, ProgramRun, RunningJudge
from stepsmith.verify.formats.problems import InputValidator, VerifyProblem

LIMITS = Limits(time_s=10.0, memory_mb=1024)
ABORT = 6  # the signal of a failed assertion in C and C++
# The last line of a Python traceback, apart from a failed assertion, which is how many validators reject.
_CRASH = re.compile(r"^(?!AssertionError)[A-Za-z_][\w.]*(?:Error|Exception|Interrupt)\b")
SHOWN = 300  # characters of a validator's words that are kept


class Validation(Record, frozen=True, kw_only=True):
    """Which inputs every validator accepts; or, in ``failure``, why a validator could not decide."""

    valid: tuple[bool, ...] = ()
    runs: int = 0
    failure: str = ""


def validate(
    judge: RunningJudge, validators: Sequence[InputValidator], interface: Interface, inputs: Sequence[str]
) -> Validation:
    """Run every validator on every input (see ``InputValidator``).

    A validator that does not compile, exceeds its limits, is killed, or crashes on every input gives a ``failure``
    and no verdict on any input. Raises ``SandboxError`` if our own machinery fails.
    """
    valid = [True] * len(inputs)
    runs = 0
    for validator in validators:
        try:
            accepted = _run(judge, validator, interface, inputs)
        except (CaseError, MachineError) as error:
            return Validation(runs=runs, failure=f"{_name(validator)}: {error}")
        except _FailedError as error:
            return Validation(runs=runs, failure=f"{_name(validator)} {error}")
        valid = [before and now for before, now in zip(valid, accepted, strict=True)]
        runs += len(inputs)
    return Validation(valid=tuple(valid), runs=runs)


def package_faults(judge: RunningJudge, problem: VerifyProblem, validation: Validation) -> tuple[str, ...]:
    """Return where a package's own validation data contradicts its validators.

    ``validation`` is of the problem's inputs and then of the inputs that must be rejected. Raises ``SandboxError``
    where the output validator does not decide.
    """
    faults = []
    invalid_inputs = [case for case in problem.validation_cases if case.output is None]
    for case, accepted in zip(invalid_inputs, validation.valid[len(problem.inputs) :], strict=True):
        if accepted and problem.validators:
            faults.append(f"data/{case.name}: no input validator rejects it")
    for case in problem.validation_cases:
        if case.output is None:
            continue
        contract = problem.contract
        checker = msgspec.structs.replace(contract.checker, flags=case.flags)
        contract = msgspec.structs.replace(contract, checker=checker)
        if judge.agree(contract, case.input, case.answer, case.output) is not case.accepted:
            faults.append(f"data/{case.name}: the output validator {'rejects' if case.accepted else 'accepts'} it")
    return tuple(faults)


class _FailedError(Exception):
    """A validator did not work; the message goes on after its name."""


def _run(judge: RunningJudge, validator: InputValidator, interface: Interface, inputs: Sequence[str]) -> list[bool]:
    if interface == "function" and re.search(r"^def validate\b", validator.code, re.MULTILINE):
        return _run_function(judge, validator, inputs)
    accepted, crashes = [], []
    for index, text in enumerate(inputs):
        run = judge.run_program(
            Program(
                language=validator.language,
                sources=((validator.file_name, validator.code), *validator.files.items()),
                args=validator.args[index] if validator.args else (),
                stdin=text,
                files=(),
                limits=LIMITS,
            )
        )
        accepted.append(_accepts(run, validator, index))
        if not accepted[-1] and (crash := _crash(run)):
            crashes.append(crash)
    if inputs and len(crashes) == len(inputs):
        raise _FailedError(f"crashes on every input: {crashes[0][:SHOWN]}")
    return accepted


def _accepts(run: ProgramRun, validator: InputValidator, index: int) -> bool:
    """Return a validator's decision. Raises where it did not come to one."""
    if run.verdict is Verdict.IE:
        raise SandboxError(f"{_name(validator)} on input {index}: {run.message}")
    if run.verdict is Verdict.CE:
        raise _FailedError(f"does not compile: {run.compile_output.strip()[:SHOWN]}")
    if run.verdict not in (Verdict.AC, Verdict.RTE):
        raise _FailedError(f"does not end within its limits on input {index}: {run.message}")
    if run.signal not in (None, ABORT):
        raise _FailedError(f"is killed on input {index}: {run.message}")
    return run.signal is None and run.exit_code in validator.accepts


def _crash(run: ProgramRun) -> str:
    """Return the last line of a Python traceback, or ""."""
    last_line = run.stderr.rstrip().rpartition("\n")[2]
    return last_line if _CRASH.match(last_line) else ""


def _run_function(judge: RunningJudge, validator: InputValidator, inputs: Sequence[str]) -> list[bool]:
    """Call ``validate`` with each input's arguments; only True accepts."""
    contract = Contract(interface="function", entry_point="validate", limits=LIMITS)
    program = Solution(language=validator.language, code=validator.code)
    runs: list[Execution] = []
    for chunk in (inputs[:1], inputs[1:]):  # one first: a validator that never ends would not end on any
        runs += judge.execute(program, contract, chunk)
        for index, run in enumerate(runs):
            if run.verdict is Verdict.IE:
                raise SandboxError(f"{_name(validator)} on input {index}: {run.message}")
            if run.verdict is Verdict.CE:
                raise _FailedError(f"does not compile: {run.message.strip()[:SHOWN]}")
            if run.verdict not in (Verdict.AC, Verdict.RTE):
                raise _FailedError(f"does not end within its limits on input {index}: {run.message}")
    if runs and all(run.verdict is Verdict.RTE for run in runs):
        raise _FailedError(f"crashes on every input: {runs[0].message}")
    return [run.verdict is Verdict.AC and run.output == "True" for run in runs]


def _name(validator: InputValidator) -> str:
    return f"the validator {validator.name}" if validator.name else "the validator"
