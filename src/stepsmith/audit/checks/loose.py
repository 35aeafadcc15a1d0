"""Validators that are too loose: they accept what the statement's bounds rule out, or what crashes the reference."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from stepsmith.audit.checks.bounds import NamedLines, bounds_of, hints_of
from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.legal import VALIDATE
from stepsmith.audit.steps import Allowed, Contains, Ends, ProgramReplay
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.ids import derive_rng
from stepsmith.core.integers import literal_text
from stepsmith.core.records import Solution, Verdict
from stepsmith.verify.formats.problems import InputValidator
from stepsmith.verify.suite.baselines import arguments
from stepsmith.verify.suite.input_edits import neighbour, simpler
from stepsmith.verify.validation import validate

PROBES = 40  # changed inputs that a validator is asked about


def crashing_inputs(
    subject: ProblemSubject, accepting: Sequence[InputValidator], name: str = "validator"
) -> Iterator[Finding]:
    """Yield a finding where all validators accept a changed input on which the reference crashes."""
    problem = subject.problem
    try:
        reference = subject.reference
    except NotCheckedError:
        return
    rng = derive_rng(subject.options.seed, "probes", subject.id)
    known = list(problem.inputs)
    texts: list[str] = []
    for text in known[:10]:
        texts += [neighbour(text, problem.interface, rng) for _ in range(3)]
        texts += [t for t, _ in zip(simpler(text, problem.interface), range(4), strict=False)]
    texts = [text for text in dict.fromkeys(texts) if text not in set(known)]
    texts = sorted(rng.sample(texts, min(PROBES, len(texts))), key=len)
    runs = run_batch(subject.judge, reference, subject.soon, texts)
    crashed = [(text, run) for text, run in zip(texts, runs, strict=True) if run.verdict is Verdict.RTE]
    if not crashed:
        return
    validators = [msgspec.structs.replace(v, args=v.args[:1] * len(crashed)) for v in accepting]
    validation = validate(subject.judge, validators, problem.interface, [text for text, _ in crashed])
    for (text, _), valid in zip(crashed, validation.valid, strict=False):
        (run,) = subject.judge.execute(reference, problem.contract, [text])
        if not valid or run.verdict is not Verdict.RTE:
            continue
        yield Finding.of(
            "loose-validator",
            subject.id,
            subject.place(name),
            f"the {name} accepts {short(text, 80)}, on which the reference crashes ({short(run.message, 60)})",
            evidence={"input": short(text), "reference": short(run.message)},
            replay=ProgramReplay(
                steps=(
                    Allowed(
                        says=f"the {name} accepts the input",
                        validators=tuple(msgspec.structs.replace(v, args=v.args[:1]) for v in accepting),
                        interface=problem.interface,
                        input=text,
                    ),
                    Ends(
                        says="the reference crashes on it",
                        program=reference,
                        contract=problem.contract,
                        input=text,
                        verdict=Verdict.RTE,
                    ),
                )
            ),
        )
        return


def beyond_bounds(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the validators accept an input that is one beyond a bound of the statement."""
    problem = subject.problem
    if not problem.validators or not problem.inputs:
        return
    bounds = bounds_of(problem.statement)
    function = problem.interface == "function"
    names = list(hints_of(subject)) if function else []
    lines = None if function else NamedLines.of(problem.statement, bounds, problem.inputs)
    passages: dict[str, str] = {}
    for name, low, high, passage in bounds:
        for text in problem.inputs[:5]:
            for beyond in (int(high) + 1, int(low) - 1):
                changed = lines.with_value(text, name, beyond) if lines else _beyond(text, names, name, beyond)
                if changed:
                    passages.setdefault(changed, passage)
    texts = list(passages)
    if not texts:
        return
    validators = tuple(msgspec.structs.replace(v, args=v.args[:1] * len(texts)) for v in problem.validators)
    for text, accepted in zip(texts, validate(subject.judge, validators, problem.interface, texts).valid, strict=False):
        if accepted:
            alone = tuple(msgspec.structs.replace(v, args=v.args[:1]) for v in problem.validators)
            yield Finding.of(
                "loose-validator",
                subject.id,
                subject.place("validator"),
                f"the validator accepts {short(text, 80)}; the statement says {passages[text]!r}",
                confidence=0.9,
                evidence={"input": short(text), "statement": passages[text]},
                replay=ProgramReplay(
                    steps=(
                        Contains(says="the statement has the bound", text=problem.statement, passage=passages[text]),
                        Allowed(
                            says="the validator accepts an input beyond it",
                            validators=alone,
                            interface=problem.interface,
                            input=text,
                        ),
                    )
                ),
            )


def _beyond(text: str, names: list[str], name: str, value: int) -> str:
    """Return an input with what ``name`` measures set to ``value``; "" where that cannot be done."""
    try:
        given = list(arguments(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    inner = re.sub(r"len\((\w+)\)|(\w+)\.length|\|(\w+)\||(\w+)\[\w+\]", r"\1\2\3\4", name)
    if inner not in names or names.index(inner) >= len(given):
        return ""
    k = names.index(inner)
    old = given[k]
    if inner == name:
        given[k] = value if type(old) is int else old
    elif "[" in name:
        given[k] = [value, *old[1:]] if isinstance(old, list) and old and type(old[0]) is int else old
    elif isinstance(old, str | list) and old and 0 <= value <= 2000:
        given[k] = (old * (value // len(old) + 1))[:value]
    return "" if given[k] == old else literal_text(tuple(given))


def as_validator(contract: Solution) -> InputValidator:
    """Return a contract as a validator of functions."""
    code = f"{contract.code}\ndef validate(*given):\n    return {VALIDATE}(*given) is True\n"
    return InputValidator(language="python", code=code)
