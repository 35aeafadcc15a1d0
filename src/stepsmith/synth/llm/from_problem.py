"""The draft behind a problem's record, so that a model can refine a problem that came from elsewhere."""

import ast
import re

import msgspec

from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.fuzzing import PROGRAM, FuzzingTask
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.llm.reply import FUNCTIONS, INPUTS, TeacherReply

DESCRIBES = "\n\nThis describes a Python function"  # where ``synth.llm.draft`` goes on after the message


def draft_from_problem(problem: Problem) -> LLMDraft | None:
    """Return what a teacher might have written for a problem: program, inputs with outputs, and message.

    The message is the text that a student sees, without worked samples. A fuzzing problem gets no inputs, because the
    outputs of its faulty program are not recorded. Return None for problems that have no such form: complete programs
    over standard input, methods, other languages than Python.
    """
    code = _program(problem)
    if code is None:
        return None
    shown = problem.tests[:INPUTS] if problem.environment != "fuzzing" else ()
    return LLMDraft(
        environment=problem.environment,
        direction=problem.lineage.direction,
        change=problem.lineage.change,
        provenance=(),
        reply=TeacherReply(code=code, inputs=tuple(test.input for test in shown), message=_message(problem)),
        outputs=tuple(test.output for test in shown),
    )


def _message(problem: Problem) -> str:
    if problem.environment != "induction":
        return problem.statement.strip()
    message, described, _ = problem.statement.partition(DESCRIBES)
    return (message if described else ENVIRONMENTS["induction"].brief(problem)).strip()


def _program(problem: Problem) -> str | None:
    """The program (of a fuzzing problem, all three) whose function is called ``f``."""
    entry = problem.contract.entry_point
    if problem.contract.interface != "function" or problem.golden.language != "python" or not entry or "." in entry:
        return None
    code = problem.golden.code
    if problem.environment == "fuzzing":
        task = msgspec.json.decode(problem.task, type=FuzzingTask)
        code = "\n\n\n".join(part.strip() for part in (task.program, task.pre_test_f, task.test_f)) + "\n"
    try:
        names = _names(code)
        if entry != PROGRAM and PROGRAM in names:
            return None
        code = re.sub(rf"\b{re.escape(entry)}\b", PROGRAM, code)
        defined = {node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return code if defined.issuperset(FUNCTIONS[problem.environment]) else None


def _names(code: str) -> set[str]:
    """Every name that a program binds or uses."""
    nodes = list(ast.walk(ast.parse(code)))
    return (
        {node.id for node in nodes if isinstance(node, ast.Name)}
        | {node.arg for node in nodes if isinstance(node, ast.arg)}
        | {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    )
