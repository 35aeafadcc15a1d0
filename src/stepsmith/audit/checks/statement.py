"""The statement: examples that the reference contradicts, and the answer given away."""

import ast
import doctest
import re
from collections.abc import Iterator

from stepsmith.audit.acceptance import accepts
from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.search.differences import matter_of_taste
from stepsmith.audit.search.legal import statement_examples
from stepsmith.audit.steps import Contains, Differs, Passes, ProgramReplay
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Solution, Verdict
from stepsmith.judge.checkers import judges_texts

_FENCED = re.compile(r"```[a-zA-Z+]*\n(.*?)```", re.DOTALL)
LEAST_LINES = 3  # of the reference, so that finding them in a statement is no chance
SHARE = 0.8  # of the reference's lines


def check_examples(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield the worked examples of the statement that the reference contradicts.

    Examples that the source lists, and doctests, are certain; others are read from prose, so that what contradicts
    them is called ambiguous.
    """
    problem, contract = subject.problem, subject.problem.contract
    if not judges_texts(contract.checker):
        raise NotCheckedError("the checker judges runs, not answers")
    if not problem.statement.strip() and not problem.examples:
        raise NotCheckedError("no statement")
    reference, examples = subject.reference, statement_examples(subject)
    if not examples:
        raise NotCheckedError("no worked examples were found in the statement")
    sure = problem.examples is not None
    doctests = _doctests(problem.statement)
    for example, run in zip(
        examples, subject.judge.execute(reference, contract, [e.input for e in examples]), strict=True
    ):
        if run.verdict is not Verdict.AC or accepts(
            subject.judge, contract, problem.harness, example.input, example.output, run.output
        ):
            continue
        taste = matter_of_taste(subject.judge, contract, problem.statement, example.input, example.output, run.output)
        if taste and not sure:
            continue
        ambiguous = taste if taste else ""
        if not ambiguous and not sure and example.output not in doctests:
            ambiguous = "the example was read from prose"
        yield Finding.of(
            "contradicting-example",
            subject.id,
            subject.place("statement"),
            f"the statement says {short(example.output, 80)} for {short(example.input, 80)}; "
            f"the reference gives {short(run.output, 80)}",
            ambiguous=ambiguous,
            evidence={
                "input": short(example.input),
                "statement": short(example.output),
                "reference": short(run.output),
            },
            replay=ProgramReplay(
                steps=(
                    Differs(
                        says=f"the reference does not give {short(example.output, 60)}",
                        program=reference,
                        contract=contract,
                        input=example.input,
                        output=example.output,
                    ),
                )
            ),
        )


def _doctests(statement: str) -> set[str]:
    """Return the results of the doctests in a statement, as literals are written."""
    try:
        found = doctest.DocTestParser().get_examples(statement)
    except ValueError:
        return set()
    results = set()
    for example in found:
        try:
            results.add(repr(ast.literal_eval(example.want.strip().strip('"').strip())))
        except (ValueError, SyntaxError):
            results.add(example.want.strip())
        results.add(example.want.strip())
    return results


def check_leaks(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the statement shows a program that passes the tests, or most lines of the reference."""
    problem = subject.problem
    statement = problem.statement
    if not statement.strip():
        raise NotCheckedError("no statement")
    for code in _FENCED.findall(statement):
        program = problem.runnable(Solution(language="python", code=code))
        if _is_program(code, problem.entry_point) and subject.passes_soon(program):
            yield Finding.of(
                "answer-in-statement",
                subject.id,
                subject.place("statement"),
                "a program in the statement passes all tests",
                evidence={"code": short(code)},
                replay=ProgramReplay(
                    steps=(
                        Contains(says="the statement shows the program", text=statement, passage=code),
                        Passes(says="it passes the tests", program=program, suite=subject.suite),
                    )
                ),
            )
            return
    reference = subject.reference_code
    if not reference:
        raise NotCheckedError("no reference solution")
    # Where the task is to go on with the statement's code, that code is no answer.
    lines = [line for line in _telling_lines(reference) if line not in _given_lines(reference, statement)]
    shown = {_squeezed(line) for line in statement.splitlines()}
    found = [line for line in lines if _squeezed(line) in shown]
    if len(lines) >= LEAST_LINES and len(found) >= SHARE * len(lines):
        yield Finding.of(
            "answer-in-statement",
            subject.id,
            subject.place("statement"),
            f"the statement shows {len(found)} of the {len(lines)} lines of the reference's body",
            evidence={"lines": short("\n".join(found))},
            replay=ProgramReplay(
                steps=tuple(
                    Contains(says=f"the statement has {line.strip()!r}", text=statement, passage=line)
                    for line in found[:10]
                )
            ),
        )


def _given_lines(reference: str, statement: str) -> set[str]:
    return set(statement.splitlines()) if reference.startswith(statement.rstrip()) else set()


def _is_program(code: str, entry_point: str | None) -> bool:
    """Return whether code may be a whole solution: it defines the entry point with a body that does something."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    name = (entry_point or "").rpartition(".")[2]
    if not name:
        return any(isinstance(node, ast.Call) for node in ast.walk(tree))
    return any(
        isinstance(node, ast.FunctionDef)
        and node.name == name
        and any(isinstance(n, ast.Return) for n in ast.walk(node))
        for node in ast.walk(tree)
    )


def _telling_lines(code: str) -> list[str]:
    """Return the lines of the reference that say how: not signatures, imports, docstrings and single words."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    texts = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [
        line
        for number, line in enumerate(code.splitlines(), 1)
        if number not in texts
        and len(_squeezed(line)) > 8
        and not re.match(r"\s*(?:def|class|import|from|#|@|else|return\s+\w+$)", line)
    ]


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
