"""Worked reasoning: what stands before an answer, written by the grammar from a problem's composition.

Deduction: the value after each line of the program. Abduction: the same for the arguments of the answer, which shows
that they are right. Induction: the value after each operation on the first worked sample. All of it is computed.
"""

import ast
from collections.abc import Sequence

from stepsmith.core.records import Problem
from stepsmith.synth.grammar.composition import FEATURES, Composition, trace
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Value
from stepsmith.synth.grammar.formats import parse_case
from stepsmith.synth.grammar.statement import interface_of
from stepsmith.synth.offline import draft_from_problem

MAX_SHOWN = 160  # most characters of a value


def worked_reasoning(problem: Problem) -> str:
    """Return the reasoning that leads to the golden answer of a problem, without the answer.

    "" if the grammar cannot write it: the problem is of another teacher or of fuzzing, reads standard input, is about
    graphs, or has long values; or it is one of induction whose operations have no short form (profile contest).
    """
    draft = draft_from_problem(problem)
    if draft is None or problem.environment == "fuzzing" or interface_of(problem.style) != "function":
        return ""
    composition = draft.composition
    if any(type_ in GRAPH_TYPES for feature in composition.features for type_ in (feature.gives, *feature.takes)):
        return ""
    given = (problem.examples or problem.tests)[0].input
    values = trace(composition, parse_case(composition, "function", given))
    shown = list(map(repr, values[len(composition.sources) :]))
    if max(map(len, (given, *shown))) > MAX_SHOWN:
        return ""
    if problem.environment == "induction":
        return _by_operations(composition, values[0], shown)
    return _by_lines(problem, given, shown)


def _by_operations(composition: Composition, start: Value, shown: Sequence[str]) -> str:
    done = [FEATURES[step.feature].do.format(**dict(step.constants)) for step in composition.steps]
    if not all(done):
        return ""
    lines = [f"{number}. {what}: {value}" for number, (what, value) in enumerate(zip(done, shown, strict=True), 1)]
    return "\n".join([f"The first example begins with {start!r}.", *lines]) + "\n"


def _by_lines(problem: Problem, given: str, shown: Sequence[str]) -> str:
    tree = ast.parse(problem.golden.code)
    entry = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == problem.contract.entry_point
    )
    if len(entry.body) != len(shown):
        return ""
    lines = [f"`{ast.unparse(line)}` gives {value}" for line, value in zip(entry.body, shown, strict=True)]
    begin = f"Try {given}." if problem.environment == "abduction" else f"It begins with {given}."
    return "\n".join([begin, *lines]) + "\n"
