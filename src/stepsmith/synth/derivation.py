"""Turn a verified function problem into a problem of abduction or deduction; all teachers use this."""

import random
from collections.abc import Sequence

import msgspec

from stepsmith.core.records import Checker, Problem, WrongSolution
from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import CONSTANTS, DeductionTask
from stepsmith.judge.checkers import is_custom

MAX_SHOWN = 160  # most characters of the input or output that abduction and deduction show


def abduction(base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
    """Return a problem that shows the golden program and one output; None if no test is short enough."""
    index = shown_test(base, wrong, rng)
    if index is None:
        return None
    task = AbductionTask(program=base.golden.code, output=base.tests[index].output)
    statement = (
        f"Here is a Python function, `{base.contract.entry_point}`, and a value that it returned for some arguments."
    )
    return with_task(base, "abduction", statement, task, [index], wrong)


def deduction(base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> Problem | None:
    """Return a problem that shows the golden program and one input; None if no test is short enough."""
    index = shown_test(base, wrong, rng)
    if index is None:
        return None
    task = DeductionTask(program=base.golden.code, input=base.tests[index].input)
    statement = f"Here is a Python function, `{base.contract.entry_point}`, and the arguments that it is called with."
    return with_task(base, "deduction", statement, task, [index], wrong)


def shown_test(base: Problem, wrong: Sequence[WrongSolution], rng: random.Random) -> int | None:
    """Return the index of a short test; None if no test is short.

    If possible, its output is not a constant that is easy to guess, and it rejects a wrong program; the first matters
    more.
    """
    short = [i for i, test in enumerate(base.tests) if len(test.input) <= MAX_SHOWN and len(test.output) <= MAX_SHOWN]
    thoughtful = [i for i in short if base.tests[i].output not in CONSTANTS] or short
    telling = sorted({w.killed_by for w in wrong} & set(thoughtful)) or thoughtful
    return rng.choice(telling) if telling else None


def with_task(
    base: Problem,
    environment: EnvironmentName,
    statement: str,
    task: msgspec.Struct,
    tests: Sequence[int],
    wrong: Sequence[WrongSolution],
) -> Problem:
    """Return the problem with another task, the tests of the given indices, and the wrong programs that these reject.

    The checker is replaced, because the output of a given program is a single value even if the problem accepts others.
    """
    contract = base.contract
    if is_custom(contract.checker):
        contract = msgspec.structs.replace(contract, checker=Checker(name="literal"))
    place = {old: new for new, old in enumerate(tests)}
    killed = [w for w in wrong if w.killed_by in place]
    return msgspec.structs.replace(
        base,
        environment=environment,
        contract=contract,
        statement=statement,
        starter_code="",
        examples=(),
        task=msgspec.json.encode(task).decode(),
        tests=tuple(base.tests[index] for index in tests),
        wrong=tuple(msgspec.structs.replace(w, killed_by=place[w.killed_by]) for w in killed),
    )
