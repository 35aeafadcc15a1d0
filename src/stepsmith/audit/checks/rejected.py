"""Tests that reject a right program: one whose answer is the reference's in another form that the statement allows."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from stepsmith.audit.acceptance import accepts
from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.steps import Disagree, Fails, Gives, Passes, ProgramReplay
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Solution, Verdict
from stepsmith.core.several_answers import says_several_answers
from stepsmith.judge.checkers import is_custom, judges_texts

LONG = 12  # significant digits from which the last one of a float is a matter of the order of additions
_ANY_ORDER = re.compile(r"\border (?:does not|doesn't) matter\b|\b(?:any|arbitrary) order\b", re.IGNORECASE)
_GIVES = re.compile(r"\b(?:print|output|return|answer|result|write)", re.IGNORECASE)
_ANY_CASE = re.compile(
    r"\b(?:any|either) (?:letter )?case\b|\bcase[- ](?:insensitive|does not matter)\b", re.IGNORECASE
)

_TOLERANCE = re.compile(r"\b(?:absolute|relative)\b[^.]{0,60}\b(?:error|difference)", re.IGNORECASE)


class _Form(NamedTuple):
    """Another form of an answer: what it is, when the statement allows it, and how a function's result becomes it."""

    says: str
    allowed: Callable[[str], bool]
    code: str  # Python: a function `other(value, arguments)`
    text: Callable[[str, str], str] | None  # of a printed output and its input


# Floats of the input, floats that are one operation on two of its numbers, means of integers, and short binary
# fractions have one right value; of other floats the last bit depends on the order of operations.
_LAST_BIT = f"""import math, operator
def _numbers(v):
    if isinstance(v, (int, float)) and not isinstance(v, bool):
        yield v
    elif isinstance(v, (list, tuple, set, dict)):
        for item in (*v, *v.values()) if isinstance(v, dict) else v:
            yield from _numbers(item)
def _lists(v):
    if isinstance(v, (list, tuple)):
        yield v
        for item in v:
            yield from _lists(item)
def other(v, given):
    numbers = list(dict.fromkeys(_numbers(given)))[:100]
    exact = set(numbers)
    for of in (operator.add, operator.sub, operator.mul, operator.truediv):
        for a in numbers:
            for b in numbers:
                try:
                    exact.add(of(a, b))
                except (ArithmeticError, ValueError):
                    pass
    for xs in [given, *_lists(given)]:
        whole = [x for x in _numbers(xs) if isinstance(x, int)]
        if whole:
            exact.add(sum(whole) / len(whole))
    def changed(v):
        if isinstance(v, float) and math.isfinite(v) and len(repr(v).strip('-0.').replace('.', '')) >= {LONG}:
            return v if v in exact or v * 1024 == int(v * 1024) else math.nextafter(v, math.inf)
        return type(v)(map(changed, v)) if type(v) in (list, tuple) else v
    return changed(v)
"""
_FORMS = (
    _Form(
        "floats that differ in the last bit",
        lambda _: True,
        _LAST_BIT,
        None,
    ),
    _Form(
        "the elements in another order",
        lambda statement: _any_order(statement),
        "def other(v, given):\n    return v[::-1] if isinstance(v, (list, tuple)) else v\n",
        lambda text, given: _other_order(text, given),
    ),
    _Form(
        "zeros at the end of floats left out or added",
        lambda statement: bool(_TOLERANCE.search(statement)),
        "",
        lambda text, _: _other_zeros(text),
    ),
    _Form(
        "letters in the other case",
        lambda statement: bool(_ANY_CASE.search(statement)),
        "def other(v, given):\n    return v.swapcase() if isinstance(v, str) else v\n",
        lambda text, _: text.swapcase(),
    ),
    _Form(
        "spaces at the ends of lines and no last line break",
        lambda _: True,
        "",
        lambda text, _: "\n".join(f"{line} " for line in text.rstrip("\n").split("\n")),
    ),
)


def _other_zeros(text: str) -> str:
    """Return printed floats without the zeros at their ends; with one more where they have none."""
    without = re.sub(r"(?<=\d\.\d)(\d*?)0+(?=\s|$)", r"\1", text)
    return without if without != text else re.sub(r"(\d\.\d+)(?=\s|$)", r"\g<1>0", text)


def _any_order(statement: str) -> bool:
    """Return whether a sentence leaves the order of an answer open: not that of operations, or of what is given."""
    sentences = re.split(r"(?<=[.!?])\s|\n", statement)
    return any(_ANY_ORDER.search(s) and _GIVES.search(s) for s in sentences)


def _other_order(text: str, given: str) -> str:
    """Return printed lines in another order: those of one form, behind a line that counts them; else the text itself.

    Where lines have different forms, such as a word before a list, nobody can tell which of them may change places. Nor
    may the answers to several cases, of which there are as many as the input's first number says.
    """
    lines = text.rstrip("\n").split("\n")
    head = lines[:1] if lines[0].split() == [str(len(lines) - 1)] else []
    rest = lines[len(head) :]
    forms = {tuple(re.sub(r"[-+]?\d+(?:\.\d+)?", "0", token) for token in line.split()) for line in rest}
    if len(forms) != 1 or given.split()[:1] == [str(len(lines))]:
        return text
    return "\n".join([*head, *rest[::-1]]) + "\n"


def check_rejected(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield answers that are right in another form and fail the tests; and right programs that fail them."""
    contract = subject.problem.contract
    if not judges_texts(contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    if not is_custom(contract.checker):
        for form in _FORMS:
            if form.allowed(subject.problem.statement):
                yield from _in_form(subject, form)
    yield from _claimed(subject)
    if not is_custom(contract.checker):
        yield from _several(subject)


def _in_form(subject: ProblemSubject, form: _Form) -> Iterator[Finding]:
    """Yield a finding where the suite rejects the reference's answers in another form."""
    if subject.suite.code or subject.problem.interface == "function":
        if not form.code or subject.failing:
            return
        program = _wrapped(subject.reference, subject.problem.entry_point, form.code)
        plain = _wrapped(subject.reference, subject.problem.entry_point, "def other(v, given):\n    return v\n")
        if program is None or plain is None or subject.passes(program) or not subject.passes(plain):
            return
        yield _finding(
            subject,
            form,
            "the tests",
            ProgramReplay(
                steps=(
                    Passes(says="the reference passes the tests", program=plain, suite=subject.suite),
                    Fails(says=f"with {form.says} it fails", program=program, suite=subject.suite),
                )
            ),
        )
        return
    contract, harness = subject.problem.contract, subject.problem.harness
    for index, test in subject.tests():
        if form.text is None:
            return
        other = form.text(test.output, test.input)
        if other != test.output and not accepts(subject.judge, contract, harness, test.input, test.output, other):
            step = Disagree(
                says="the checker refuses the other form", contract=contract, input=test.input,
                first=test.output, second=other,
            )  # fmt: skip
            yield _finding(subject, form, f"test {index}", ProgramReplay(steps=(step,)))
            return


def _finding(subject: ProblemSubject, form: _Form, where: str, replay: ProgramReplay) -> Finding:
    return Finding.of(
        "right-program-rejected",
        subject.id,
        subject.place("tests"),
        f"{where} reject{'s' if where != 'the tests' else ''} a right answer with {form.says}",
        replay=replay,
    )


def _wrapped(reference: Solution, entry_point: str | None, other: str) -> Solution | None:
    """Return the reference with ``other`` applied to what it returns; None for methods."""
    if not entry_point or "." in entry_point or reference.language != "python":
        return None
    # Each part has a scope of its own: a function named `sum` must not hide the built-in from the other part.
    code = (
        f"import copy as _copy\n_form = {{}}\nexec({other!r}, _form)\n"
        f"_scope = {{'__name__': 'solution'}}\nexec({reference.code!r}, _scope)\n"
        f"globals().update({{k: v for k, v in _scope.items() if k not in ('_form', '__name__', '__builtins__')}})\n"
        f"def {entry_point}(*args, **named):\n    given = _copy.deepcopy((args, named))\n"
        f"    return _form['other'](_scope[{entry_point!r}](*args, **named), given)\n"
    )
    return Solution(language="python", code=code)


def _claimed(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield programs that the source calls right, beside the reference, and that its own tests reject."""
    claimed = [(c, p) for c, p in subject.candidates if c.verdict is Verdict.AC]
    passing = 0
    failing: list[tuple[str, Solution, int]] = []
    for candidate, program in claimed:
        failed = subject.first_failed(program)
        passing += failed is None
        if failed is not None and program != _reference(subject):
            failing.append((candidate.name, program, failed))
    for name, program, failed in failing[:3]:
        yield Finding.of(
            "right-program-rejected",
            subject.id,
            subject.place(f"tests[{failed}]"),
            f"{name or 'a program'} is called right and fails test {failed}",
            ambiguous="" if len(failing) > 1 and len(failing) > passing else "the claim may be wrong, not the test",
            replay=ProgramReplay(steps=(Fails(says="it fails the tests", program=program, suite=subject.suite),)),
        )


def _reference(subject: ProblemSubject) -> Solution | None:
    try:
        return subject.reference
    except NotCheckedError:
        return None


def _several(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the statement allows several answers and two right programs give different ones."""
    phrase = says_several_answers(subject.problem.statement)
    if not phrase:
        return
    contract, harness = subject.problem.contract, subject.problem.harness
    programs: Sequence[tuple[str, Solution]] = [
        (c.name or "a program", p) for c, p in subject.candidates if c.verdict is Verdict.AC
    ]
    for index, test in subject.tests():
        for name, program in programs:
            (run,) = subject.judge.execute(program, contract, [test.input])
            if run.verdict is Verdict.AC and not accepts(
                subject.judge, contract, harness, test.input, test.output, run.output
            ):
                yield Finding.of(
                    "right-program-rejected",
                    subject.id,
                    subject.place("checker"),
                    f'the statement says "{phrase}", and the checker takes one answer to test {index} only: '
                    f"{short(test.output, 60)}, not {short(run.output, 60)}",
                    evidence={"input": short(test.input), "published": short(test.output), name: short(run.output)},
                    replay=ProgramReplay(
                        steps=(
                            Gives(
                                says=f"{name} gives another answer", program=program, contract=contract,
                                input=test.input, output=run.output,
                            ),
                            Disagree(
                                says="the checker takes one of them only", contract=contract, input=test.input,
                                first=test.output, second=run.output,
                            ),
                        )
                    ),
                )  # fmt: skip
                return
