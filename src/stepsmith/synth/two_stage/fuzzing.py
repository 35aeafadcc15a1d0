"""Fuzzing from a verified function problem: a mutant, the statement's validator, and the golden as the reference.

X-Coder has no such task. Its problems have all that Deep Dive's fuzzing asks for: ``f`` is a mutant that the tests
reject, ``pre_test_f`` is the validator, and ``test_f`` compares with the golden solution.
"""

import ast
import random
from collections.abc import Sequence

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Problem, Solution, Verdict, WrongSolution
from stepsmith.envs.fuzzing import FAILS, FORM, HOLDS, ILL_FORMED, PROGRAM, PROPERTY, FuzzingTask, examine
from stepsmith.envs.literals import signature_of
from stepsmith.judge.checkers import is_custom
from stepsmith.judge.protocol import Judge
from stepsmith.synth.derivation import MAX_SHOWN, with_task
from stepsmith.synth.two_stage.statement import VALIDATE

TRIED = 5  # at most so many mutants are tried; ours
STATEMENT = (
    f"Here are three Python functions: `{PROGRAM}`, which has a mistake, `{FORM}`, which says whether arguments are "
    f"well formed, and `{PROPERTY}`, which says whether `{PROGRAM}` is right on them."
)


def fuzzing(base: Problem, wrong: Sequence[WrongSolution], judge: Judge, rng: random.Random) -> Problem | None:
    """Return a problem that asks for an input on which a mutant differs from the golden solution.

    One of the tests rejects the mutant, and another one does not. None where there is no such mutant, and where several
    answers are right, because a difference from the golden then shows no mistake. Raises ``SandboxError`` when our own
    machinery fails.
    """
    if is_custom(base.contract.checker):
        return None
    short = [index for index, test in enumerate(base.tests) if len(test.input) <= MAX_SHOWN]
    faulty = [program for program in wrong if program.killed_by in short]
    for chosen in rng.sample(faulty, min(TRIED, len(faulty))):
        task = _task(base, chosen.solution.code)
        runs = examine(judge, task, base.contract, [base.tests[index].input for index in short])
        if failed := [run for run in runs if run.verdict is Verdict.IE]:
            raise SandboxError(f"a mutant could not be run: {failed[0].message}")
        said = {index: run.output for index, run in zip(short, runs, strict=True)}
        if said[chosen.killed_by] == FAILS and HOLDS in said.values() and ILL_FORMED not in said.values():
            others = [index for index in range(len(base.tests)) if index != chosen.killed_by]
            return _renamed(with_task(base, "fuzzing", STATEMENT, task, [*others, chosen.killed_by], wrong))
    return None


def _task(base: Problem, faulty: str) -> FuzzingTask:
    """Return the three functions. Helpers of the validator and the golden stay inside the function that needs them."""
    entry = base.contract.entry_point or ""
    names = ", ".join(signature_of(base.golden.code, entry).parameters)
    compared = f"return {PROGRAM}(*copy.deepcopy(({names},))) == {_call(entry, names)}"  # either may change arguments
    return FuzzingTask(
        program=_named(faulty, entry, names),
        pre_test_f=_nested(FORM, names, base.validator, f"return {VALIDATE}({names})"),
        test_f=_nested(PROPERTY, names, f"import copy\n{base.golden.code}", compared),
    )


def _call(entry: str, names: str) -> str:
    owner, _, name = entry.rpartition(".")
    return f"{owner}().{name}({names})" if owner else f"{name}({names})"


def _named(code: str, entry: str, names: str) -> str:
    """``code`` with ``f`` as its entry point."""
    if entry == PROGRAM:
        return code
    return f"{code.strip()}\n\n\ndef {PROGRAM}({names}):\n    return {_call(entry, names)}\n"


def _nested(name: str, names: str, code: str, end: str) -> str:
    """A function that holds all of ``code``, then ``end``."""
    function = ast.parse(f"def {name}({names}): pass")
    (definition,) = function.body
    assert isinstance(definition, ast.FunctionDef)
    definition.body = [*ast.parse(code).body, *ast.parse(end).body]
    return ast.unparse(ast.fix_missing_locations(function)) + "\n"


def _renamed(problem: Problem) -> Problem:
    """The problem with ``f`` as its entry point, of the golden and the wrong programs as well."""
    entry = problem.contract.entry_point or ""
    names = ", ".join(signature_of(problem.golden.code, entry).parameters)

    def renamed(solution: Solution) -> Solution:
        return msgspec.structs.replace(solution, code=_named(solution.code, entry, names))

    return msgspec.structs.replace(
        problem,
        contract=msgspec.structs.replace(problem.contract, entry_point=PROGRAM),
        golden=renamed(problem.golden),
        wrong=tuple(msgspec.structs.replace(w, solution=renamed(w.solution)) for w in problem.wrong),
    )
