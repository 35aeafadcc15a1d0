"""Inputs outside the statement, by validators, contracts, type hints and bounds; and validators that are too loose."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from stepsmith.audit.findings import DropTest, Finding, NotCheckedError
from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.legal import VALIDATE, contract_program
from stepsmith.audit.steps import Contains, Ends, Gives, ProgramReplay, Refused, ReplayStep
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.ids import derive_rng
from stepsmith.core.integers import literal_text
from stepsmith.core.records import Solution, Verdict
from stepsmith.verify.formats.problems import InputValidator
from stepsmith.verify.suite.baselines import arguments
from stepsmith.verify.suite.input_edits import neighbour, simpler
from stepsmith.verify.validation import validate

SHOWN = 20  # findings by a contract, for one problem
PROBES = 40  # changed inputs that a validator is asked about
_POWER = r"\d+\s*(?:\^|\*\*)\s*\{?\d+\}?"
_INTEGER = rf"-?(?:{_POWER}|\d+(?:\s*[*·×x]\s*(?:{_POWER}|10\d\d?)|e\d+|(?:[,_]\d{{3}})+)?)(?:[ \t]*[-+][ \t]*\d+)?"
_BOUND = re.compile(
    rf"(?<![\w^.,*/])(?P<low>{_INTEGER})\s*(?P<first>≤|<=|<|\\leq?)\s*"
    r"(?P<name>len\(\w+\)|\w+\.length|\|\w+\||\w+\[\w+\]|\w+)"
    rf"\s*(?P<second>≤|<=|<|\\leq?)\s*(?P<high>{_INTEGER})(?![\w^]|\.\d|[ \t]*[*·×/^]|[ \t]*[-+][ \t]*\w)"
)
_OPEN = re.compile(r"[\w)\]}][ \t]*[-+*/^·×][ \t]*$")  # an expression that goes on in what follows
# A power whose exponent was a superscript once: 104 is 10^4, 231 is 2^31.
_LOST = re.compile(r"(10)([3-9]|1[0-8])|(2)(31|32|63|64)")
# "a list x of at most 10 integers from -20 to 20", "an integer n from 1 to 9", "a string s of at most 8 letters".
_PROSE = re.compile(
    r"\b(?:list|array|string|integer|number)\s+`?(?P<name>[a-zA-Z_]\w*)`?\s+(?:of\s+at\s+most\s+(?P<most>\d+)\s+\w+\s*)?"
    r"(?:(?:from|between)\s+(?P<low>-?\d+)\s+(?:to|and)\s+(?P<high>-?\d+))?"
)


def check_inputs(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield tests whose input is outside what the problem itself says."""
    problem = subject.problem
    if not problem.inputs:
        raise NotCheckedError("no inputs")
    sources = 0
    if problem.validators:
        sources += 1
        yield from _refused(subject)
        loose = [*_loose_bounds(subject), *_loose(subject, problem.validators)]
        yield from loose[:1]
    hints = _hints(subject)
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
            yield from _loose(subject, (_as_validator(contract),), "contract")
    if problem.interface == "function":
        bounds = _bounds(problem.statement)
        sources += bool(hints) + bool(bounds)
        for index, text in enumerate(problem.inputs):
            why, passage = _why_outside(text, hints, bounds, [*hints])
            if why:
                where = problem.statement if passage in problem.statement else subject.reference_code
                step2 = Contains(says=f"the problem says {passage!r}", text=where, passage=passage)
                yield _outside(subject, index, why, step2, confidence=0.8)
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


def _loose(subject: ProblemSubject, accepting: Sequence[InputValidator], name: str = "validator") -> Iterator[Finding]:
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
                    *(
                        Gives(
                            says=f"the {name} accepts the input",
                            program=problem.runnable(_as_solution(v)),
                            contract=msgspec.structs.replace(problem.contract, entry_point="validate"),
                            input=text,
                            output="True",
                        )
                        for v in accepting
                        if problem.interface == "function" and "def validate" in v.code
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


def _loose_bounds(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the validator of a function accepts an input beyond a bound of the statement."""
    problem = subject.problem
    names = list(_hints(subject))
    if problem.interface != "function" or len(problem.validators) != 1 or not problem.inputs:
        return
    (validator,) = problem.validators
    program = _as_solution(validator)
    passages: dict[str, str] = {}
    for name, low, high, passage in _bounds(problem.statement):
        for text in problem.inputs[:5]:
            for beyond in (high + 1, low - 1):
                if changed := _beyond(text, names, name, int(beyond)):
                    passages.setdefault(changed, passage)
    texts = list(passages)
    valid = validate(subject.judge, [validator], problem.interface, texts).valid if texts else ()
    for text, accepted in zip(texts, valid, strict=False):
        if not accepted or "def validate" not in validator.code:
            continue
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
                    Gives(
                        says="the validator accepts an input beyond it",
                        program=program,
                        contract=msgspec.structs.replace(problem.contract, entry_point="validate"),
                        input=text,
                        output="True",
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


def _as_solution(validator: InputValidator) -> Solution:
    return Solution(language=validator.language, code=validator.code)


def _as_validator(contract: Solution) -> InputValidator:
    code = f"{contract.code}\ndef validate(*given):\n    return {VALIDATE}(*given) is True\n"
    return InputValidator(language="python", code=code)


# Type hints and bounds


def _hints(subject: ProblemSubject) -> dict[str, ast.expr | None]:
    """Return the parameters of the entry point with their annotations, from the statement or the reference."""
    name = (subject.problem.entry_point or "").rpartition(".")[2]
    if not name:
        return {}
    for text in (subject.reference_code, subject.problem.statement):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                names = [a for a in (*node.args.posonlyargs, *node.args.args) if a.arg != "self"]
                return {a.arg: a.annotation for a in names}
    return {}


def _bounds(statement: str) -> list[tuple[str, float, float, str]]:
    """Return (name, least, greatest, passage) of bounds such as "1 <= n <= 100", both ends inclusive."""
    found: list[tuple[str, float, float, str]] = []
    for match in _BOUND.finditer(statement):
        low, high = _number(match["low"]), _number(match["high"])
        open_before = _OPEN.search(statement[max(0, match.start() - 40) : match.start()])
        if low is not None and high is not None and not open_before:
            found.append((match["name"], low + (match["first"] == "<"), high - (match["second"] == "<"), match[0]))
    for match in _PROSE.finditer(statement):
        if match["most"]:
            found.append((f"len({match['name']})", 0, int(match["most"]), match[0]))
        if match["low"]:
            name = f"{match['name']}[i]" if match["most"] else match["name"]
            found.append((name, int(match["low"]), int(match["high"]), match[0]))
    return found


def _number(text: str) -> int | None:
    """Return the value of a bound. Of the two readings of "105", 105 and 10 to the fifth, it is the wider one."""
    text = re.sub(r"[\s{},_]", "", text).replace("**", "^").replace("·", "*").replace("×", "*").replace("x", "*")
    match = re.fullmatch(r"(-?)(?:(\d+)\*)?(\d+)(?:\^(\d+)|e(\d+))?([-+]\d+)?", text)
    if not match:
        return None
    sign, factor, base, power, tens, more = match.groups()
    lost = _LOST.fullmatch(base) if not power and not tens else None
    if lost:
        base, power = lost[1] or lost[3], lost[2] or lost[4]
    if max(map(len, filter(None, (power, tens))), default=0) > 2:
        return None
    value: int = int(factor or 1) * int(base) ** int(power or 1) * 10 ** int(tens or 0)
    return (-value if sign else value) + int(more or 0)


def _why_outside(
    text: str, hints: Mapping[str, ast.expr | None], bounds: list[tuple[str, float, float, str]], names: list[str]
) -> tuple[str, str]:
    """Return (why an input is outside, the passage that says so); ("", "") where it is not."""
    try:
        given = arguments(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return "", ""
    values = dict(zip(names, given, strict=False))
    for name, hint in hints.items():
        if hint is not None and name in values and not fits_hint(hint, values[name]):
            return f"{name} is not {ast.unparse(hint)}", f"{name}: {ast.unparse(hint)}"
    for name, low, high, passage in bounds:
        # A statement that bounds a name twice does so case by case: 10 to 20 for a number, 8 to 40 for an address.
        cases = [(least, most) for other, least, most, _ in bounds if other == name]
        for what, number in _measured(name, values):
            if not low <= number <= high and not any(least <= number <= most for least, most in cases):
                return f"{what} is {number}, and the statement says {passage}", passage
    return "", ""


def _measured(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield (what, number) of what a bound is about."""
    if match := re.fullmatch(r"len\((\w+)\)|(\w+)\.length|\|(\w+)\|", name):
        inner = next(filter(None, match.groups()))
        if isinstance(values.get(inner), list | tuple | str):
            yield f"the length of {inner}", len(values[inner])
    elif match := re.fullmatch(r"(\w+)\[\w+\]", name):
        items = values.get(match[1])
        if isinstance(items, list | tuple):
            yield from ((f"an element of {match[1]}", item) for item in items if type(item) in (int, float))
    elif type(values.get(name)) in (int, float):
        yield name, values[name]


_PLAIN = {"int": int, "str": str, "bool": bool, "bytes": bytes, "complex": complex}
_SEQUENCES = {"list": list, "List": list, "set": set, "Set": set, "frozenset": frozenset}


def fits_hint(hint: ast.expr, value: Any) -> bool:
    """Return False where a value certainly breaks a type hint. A float may be an int; an int may be a whole float."""
    match hint:
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id="float"):
            return isinstance(value, int | float)
        case ast.Name(id="int"):
            return isinstance(value, int) or (isinstance(value, float) and value == int(value))
        case ast.Name(id=name) if name in _PLAIN:
            return isinstance(value, _PLAIN[name])
        case ast.Name(id=name) if name in _SEQUENCES:
            return isinstance(value, _SEQUENCES[name])
        case ast.Name(id="dict" | "Dict"):
            return isinstance(value, dict)
        case ast.Name(id="tuple" | "Tuple"):
            return isinstance(value, tuple)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return value is None or fits_hint(inner, value)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=options)):
            return any(fits_hint(option, value) for option in options)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return fits_hint(left, value) or fits_hint(right, value)
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in _SEQUENCES:
            return isinstance(value, _SEQUENCES[name]) and all(fits_hint(inner, item) for item in value)
        case ast.Subscript(value=ast.Name(id="dict" | "Dict"), slice=ast.Tuple(elts=[keys, items])):
            return isinstance(value, dict) and all(fits_hint(keys, k) and fits_hint(items, v) for k, v in value.items())
    return True
