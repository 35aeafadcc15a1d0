"""Plant faults of each kind in problems that were not made here, and count what the audit finds and what it makes up.

``python benchmarks/audit_planted.py ROWS [COUNT] [SKIP]``: ROWS are problems of Stepsmith's form with a reference, such
as Exercism's (``audit_public.py rows``). Only functions whose reference passes its tests, and soon, are used. Each
fault is planted alone; what is found at another place, or of another kind of the same check, is called false.
``clean`` is the problem as it is, under all these checks: what they say there was in the source, and is printed to be
read. Ctrl-C prints what is counted so far.
"""

import ast
import itertools
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from stepsmith.audit.auditing import run_checks
from stepsmith.audit.checks import PROBLEM_CHECKS
from stepsmith.audit.sources import Problems
from stepsmith.audit.subject import AuditItem, AuditOptions, ProblemSubject
from stepsmith.core.ids import derive_rng
from stepsmith.core.integers import literal_text
from stepsmith.core.stats import wilson_interval
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.problems import InputValidator, VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource

OPTIONS = AuditOptions(mutants=0, tests=0)
QUICK_S = 0.2  # CPU seconds of a reference for all tests; slower ones would take most of the time
BUSY_S, LIMIT_S = 0.12, 0.2  # of a reference near its time limit

Planted = tuple[VerifyProblem, str]  # the problem with its fault, and the place that must be told of ("" for any)
replace = msgspec.structs.replace


def with_test(problem: VerifyProblem, given: str, output: str) -> VerifyProblem:
    return replace(problem, inputs=(*problem.inputs, given), outputs=(*(problem.outputs or ()), output))


def with_code(problem: VerifyProblem, change: Callable[[str, str], str]) -> VerifyProblem:
    golden, *others = problem.candidates
    changed = replace(golden, code=change(golden.code, problem.entry_point or ""))
    return replace(problem, candidates=(changed, *others))


def wrapped(code: str, name: str, body: str) -> str:
    return f"import random, time\n{code}\n\n_right = {name}\n\ndef {name}(*given):\n{body}"


def duplicate(problem: VerifyProblem, rng: random.Random) -> Planted | None:
    k = rng.randrange(len(problem.inputs))
    return with_test(problem, problem.inputs[k], (problem.outputs or ())[k] or ""), f"tests[{len(problem.inputs)}]"


def contradiction(problem: VerifyProblem, rng: random.Random) -> Planted | None:
    k = rng.randrange(len(problem.inputs))
    others = [o for o in problem.outputs or () if o and o != (problem.outputs or ())[k]]
    if not others:
        return None
    return with_test(problem, problem.inputs[k], rng.choice(others)), f"tests[{len(problem.inputs)}].output"


def flipped(problem: VerifyProblem, rng: random.Random) -> Planted | None:
    k = rng.randrange(len(problem.inputs))
    outputs = list(problem.outputs or ())
    others = [o for o in outputs if o and o != outputs[k]]
    if not others:
        return None
    outputs[k] = rng.choice(others)
    return replace(problem, outputs=tuple(outputs)), f"tests[{k}].output"


def varying(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    body = "    return _right(*given) if random.random() < 0.5 else None\n"
    return with_code(problem, lambda code, name: wrapped(code, name, body)), "reference"


def stateful(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    body = "    _calls.append(1)\n    return _right(*given) if len(_calls) < 3 else None\n"
    return with_code(problem, lambda code, name: wrapped(f"_calls = []\n{code}", name, body)), "reference"


def slow(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    body = f"    until = time.process_time() + {BUSY_S}\n    while time.process_time() < until:\n        pass\n"
    changed = with_code(problem, lambda code, name: wrapped(code, name, body + "    return _right(*given)\n"))
    return replace(changed, time_limit_s=LIMIT_S, inputs=changed.inputs[:1], outputs=(changed.outputs or ())[:1]), ""


def shown(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    code = f"```python\n{problem.candidates[0].code}\n```"
    return replace(problem, statement=f"{problem.statement}\n\nFor instance:\n\n{code}\n"), "statement"


def wrong_example(problem: VerifyProblem, rng: random.Random) -> Planted | None:
    changed = contradiction(problem, rng)
    if changed is None:
        return None
    given, output = changed[0].inputs[-1], (changed[0].outputs or ("",))[-1]
    call = f">>> {problem.entry_point}{given if given.startswith('(') else f'({given})'}"
    return replace(problem, statement=f"{problem.statement}\n\n{call}\n{output}\n"), "statement"


def bounded(problem: VerifyProblem) -> tuple[str, int, VerifyProblem] | None:
    """Return (what a bound is about, the place of its argument, the problem with the bound in its statement)."""
    function = next(
        (
            node
            for node in ast.walk(ast.parse(problem.candidates[0].code))
            if isinstance(node, ast.FunctionDef) and node.name == problem.entry_point
        ),
        None,
    )
    rows = [ast.literal_eval(text) for text in problem.inputs]
    for k, parameter in enumerate(function.args.args if function else []):
        values = [row[k] for row in rows]
        if all(type(value) is int for value in values):
            low, high, name = min(values), max(values), parameter.arg
        elif all(isinstance(value, list | str) for value in values):
            low, high, name = min(map(len, values)), max(map(len, values)), f"len({parameter.arg})"
        else:
            continue
        said = f"{problem.statement}\n\nLimits: {low} <= {name} <= {high}.\n"
        return f"{low} <= {'len(given[K])' if '(' in name else 'given[K]'} <= {high}".replace("K", str(k)), k, replace(
            problem, statement=said
        )  # fmt: skip
    return None


def validated(test: str) -> InputValidator:
    return InputValidator(language="python", code=f"def validate(*given):\n    return {test}\n")


def off_by_one(problem: VerifyProblem, rng: random.Random) -> Planted | None:
    found = bounded(problem)
    if found is None:
        return None
    low, middle, high = found[0].split(" <= ")
    test = f"{low} <= {middle} <= {int(high) + 1}" if rng.random() < 0.5 else f"{int(low) - 1} <= {middle} <= {high}"
    return replace(found[2], validator=validated(test)), "validator"


def tight_validator(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    """Return the problem with a validator that says what the statement says: no fault."""
    found = bounded(problem)
    return None if found is None else (replace(found[2], validator=validated(found[0])), "-")


def outside(problem: VerifyProblem, _rng: random.Random) -> Planted | None:
    found = bounded(problem)
    if found is None:
        return None
    high = int(found[0].split(" <= ")[2])
    given = list(ast.literal_eval(problem.inputs[0]))
    old = given[found[1]]
    given[found[1]] = high + 1 if type(old) is int else (old * (high + 1) if old else old)[: high + 1]
    if given[found[1]] == old or (type(old) is not int and len(given[found[1]]) <= high):
        return None
    output = (problem.outputs or ("",))[0] or ""
    return with_test(found[2], literal_text(tuple(given)), output), f"tests[{len(problem.inputs)}].input"


FAULTS: dict[str, tuple[Callable[[VerifyProblem, random.Random], Planted | None], str, str]] = {
    "a test twice": (duplicate, "contradictions", "duplicate-tests"),
    "equal inputs, other outputs": (contradiction, "contradictions", "contradicting-tests"),
    "a flipped label": (flipped, "reference", "reference-fails"),
    "a reference that varies": (varying, "reference", "reference-varies"),
    "a reference that counts its calls": (stateful, "reference", "reference-varies"),
    "a reference near its limit": (slow, "reference", "tight-time-limit"),
    "the program in the statement": (shown, "leaks", "answer-in-statement"),
    "an example with another result": (wrong_example, "examples", "contradicting-example"),
    "a validator that is off by one": (off_by_one, "inputs", "loose-validator"),
    "a validator that is right": (tight_validator, "inputs", "-"),
    "an input beyond a bound": (outside, "inputs", "input-outside-statement"),
}
VARYING = ("a reference that varies", "a reference that counts its calls")


def usable(items: Iterator[object], judge: LocalJudge, count: int) -> Iterator[AuditItem]:
    found = 0
    for item in items:
        if not isinstance(item, AuditItem) or item.problem.interface != "function" or len(item.problem.inputs) < 3:
            continue
        subject = ProblemSubject(item, judge, OPTIONS)
        if not item.problem.candidates or subject.failing:
            continue
        runs = judge.execute(subject.reference, item.problem.contract, item.problem.inputs)
        if sum(run.cpu_s for run in runs) < QUICK_S:
            yield item
            found += 1
        if found == count:
            return


def audit_planted(
    item: AuditItem,
    judge: LocalJudge,
    rng: random.Random,
    planted: Counter[str],
    found: Counter[str],
    false: Counter[str],
) -> None:
    """Audit one problem as it is and with each fault, and add to the counts."""
    before = told(item, judge, sorted({check for _, check, _ in FAULTS.values()}))
    planted["clean"] += 1
    false.update("clean" for _ in before)
    for kind, part, message in before:
        print("clean:", item.problem.problem_id, kind, part, message)
    for name, (plant, check, kind) in FAULTS.items():
        made = plant(item.problem, rng)
        if made is None:
            continue
        planted[name] += 1
        after = [row for row in told(replace(item, problem=made[0]), judge, [check]) if row not in before]
        right = [row for row in after if row[0] == kind and row[1].startswith(made[1])]
        found[name] += bool(right)
        # A reference that varies may fail a test, too; and a validator of one parameter may well be loose.
        wrong = [row for row in after if row not in right and "on which the reference crashes" not in row[2]]
        wrong = [row for row in wrong if not (name in VARYING and row[0] == "reference-fails")]
        false.update(name for _ in wrong)
        for row in wrong:
            print("false:", name, item.problem.problem_id, *row)
        if not right and kind != "-":
            print("missed:", name, item.problem.problem_id)


def main() -> None:
    path = Path(sys.argv[1])
    count, skip = [*map(int, sys.argv[2:]), *(50, 0)[len(sys.argv) - 2 :]]
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    false: Counter[str] = Counter()
    rng = derive_rng(0, "planted in public data")
    try:
        with LocalJudge() as judge:
            for item in itertools.islice(
                usable(Problems(ProblemSource(path)).items(), judge, skip + count), skip, None
            ):
                audit_planted(item, judge, rng, planted, found, false)
    except KeyboardInterrupt:
        print("stopped; so far:")
    for name, total in planted.items():
        low, high = wilson_interval(found[name], total)
        share = (
            f"{found[name]} of {total} found ({low:.0%} to {high:.0%}), " if name in FAULTS else f"{total} problems, "
        )
        print(f"{name}: {share}{false[name]} false")


def told(item: AuditItem, judge: LocalJudge, names: list[str]) -> list[tuple[str, str, str]]:
    """Return (kind, place, message) of what some checks find that is not ambiguous."""
    checks = [check for check in PROBLEM_CHECKS if check.name in names]
    findings, _, _ = run_checks(ProblemSubject(item, judge, OPTIONS), checks)
    return [(f.kind, f.place.part, f.message) for f in findings if not f.ambiguous]


if __name__ == "__main__":
    main()
