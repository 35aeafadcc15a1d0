"""Inputs outside the statement, by validators, contracts, type hints and bounds; and validators that are too loose."""

from collections.abc import Iterator

import msgspec

from stepsmith.audit.checks.bounds import NamedLines, bounds_of, hints_of, why_outside
from stepsmith.audit.checks.loose import as_validator, beyond_bounds, crashing_inputs
from stepsmith.audit.findings import DropTest, Finding, NotCheckedError
from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.legal import VALIDATE, contract_program
from stepsmith.audit.steps import Contains, Gives, ProgramReplay, Refused, ReplayStep
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.verify.formats.problems import InputValidator
from stepsmith.verify.validation import validate

SHOWN = 20  # findings by a contract, for one problem


def check_inputs(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield tests whose input is outside what the problem itself says."""
    problem = subject.problem
    if not problem.inputs:
        raise NotCheckedError("no inputs")
    sources = 0
    if problem.validators:
        sources += 1
        yield from _refused(subject)
        loose = [*beyond_bounds(subject), *crashing_inputs(subject, problem.validators)]
        yield from loose[:1]
    hints = hints_of(subject)
    contract = contract_program(subject.item.contract_code, subject.reference_code, problem.entry_point)
    if contract is not None:
        sources += 1
        called = msgspec.structs.replace(problem.contract, entry_point=VALIDATE)
        runs = run_batch(subject.judge, contract, called, problem.inputs)
        rejected = [index for index, run in enumerate(runs) if run.output == "False"]
        for index in rejected[:SHOWN]:
            if len(rejected) < len(runs):  # a contract that rejects everything is no contract
                step = Gives(
                    says="the contract's assertions reject the input",
                    program=contract,
                    contract=called,
                    input=problem.inputs[index],
                    output="False",
                )
                yield _outside(subject, index, "the problem's contract rejects it", step, confidence=0.95)
        # A reference that asserts holds a part of the contract itself.
        if not problem.validators and len(rejected) < len(runs) and "assert" not in subject.reference_code:
            yield from crashing_inputs(subject, (as_validator(contract),), "contract")
    if problem.interface == "function":
        bounds = bounds_of(problem.statement)
        sources += bool(hints) + bool(bounds)
        for index, text in enumerate(problem.inputs):
            why, passage = why_outside(text, hints, bounds, [*hints])
            if why:
                where = problem.statement if passage in problem.statement else subject.reference_code
                step2 = Contains(says=f"the problem says {passage!r}", text=where, passage=passage)
                yield _outside(subject, index, why, step2, confidence=0.8)
    if problem.interface == "stdio":
        bounds = bounds_of(problem.statement)
        lines = NamedLines.of(problem.statement, bounds, problem.inputs)
        sources += bool(lines.first or lines.elements)
        for index, text in enumerate(problem.inputs):
            for why, passage in [*lines.outside(text, bounds)][:1]:
                says = Contains(says=f"the problem says {passage!r}", text=problem.statement, passage=passage)
                yield _outside(subject, index, why, says, confidence=0.8)
    if not sources:
        raise NotCheckedError("no validator, no contract, no type hints, and no bounds that could be read")


def _outside(subject: ProblemSubject, index: int, why: str, step: ReplayStep, confidence: float) -> Finding:
    given = subject.problem.inputs[index]
    return Finding.of(
        "input-outside-statement",
        subject.id,
        subject.place(f"tests[{index}].input"),
        f"test {index} has the input {short(given, 80)}: {why}",
        confidence=confidence,
        evidence={"input": short(given), "why": why},
        replay=ProgramReplay(steps=(step,)),
        fixes=(DropTest(test=index),),
    )


# Validators


def _refused(subject: ProblemSubject) -> Iterator[Finding]:
    problem = subject.problem
    cases = [case.input for case in problem.validation_cases if case.output is None]
    texts = [*problem.inputs, *cases]
    for validator in problem.validators:
        validation = validate(subject.judge, [validator], problem.interface, texts)
        if validation.failure:
            raise NotCheckedError(f"the validator failed: {validation.failure}")
        for index, valid in enumerate(validation.valid[: len(problem.inputs)]):
            if not valid:
                step = Refused(
                    says="the validator rejects the input",
                    validator=_alone(validator, index),
                    interface=problem.interface,
                    input=problem.inputs[index],
                )
                yield _outside(subject, index, "the problem's own validator rejects it", step, confidence=0.98)


def _alone(validator: InputValidator, index: int) -> InputValidator:
    return msgspec.structs.replace(validator, args=validator.args[index : index + 1])
