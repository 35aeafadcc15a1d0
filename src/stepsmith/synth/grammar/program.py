"""The program of a composition, as text that a person would write.

Helper functions are the features' own source without docstrings; expressions stand in the main function. ``Pick`` says
for each step whether its reference code, its brute force or one of its mistakes is used.
"""

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import FEATURES, MODULES, Composition, Step
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type
from stepsmith.synth.grammar.feature import Feature
from stepsmith.synth.grammar.naming import Names, name_values

Pick = Literal["code", "slow"] | int  # a number is an index into the feature's mistakes

ANNOTATIONS: dict[Type, str] = {
    Type.INT: "int",
    Type.BOOL: "bool",
    Type.INTS: "list[int]",
    Type.STR: "str",
    Type.WORDS: "list[str]",
    Type.PAIRS: "list[list[int]]",
    Type.GRID: "list[str]",
    Type.MATRIX: "list[list[int]]",
}
EDGES = "list[list[int]]"
_MODULE_NAMES = frozenset(module.__name__ for module in MODULES)
_MODULE_USE = re.compile(rf"(?<![\w.])({'|'.join(sorted(_MODULE_NAMES))})\.")
_ENTRY_POINTS = ("solve", "solution", "compute", "evaluate", "process", "find_answer", "get_answer", "calculate")


def entry_point(composition: Composition) -> str:
    """Return the name of the function that solves a composition in the function interface."""
    if composition.profile == "micro":
        return "f"
    return _ENTRY_POINTS[int(composition.id[-4:], 16) % len(_ENTRY_POINTS)]


def render_program(
    composition: Composition,
    interface: Interface,
    picks: Sequence[Pick] | None = None,
    name: str | None = None,
    *,
    like: Composition | None = None,
) -> str:
    """Return the program text; ``picks`` has one entry per step (default: the reference code everywhere).

    ``name`` is the function to define in the function interface (default: the composition's entry point). ``like`` is
    the problem to be solved where that is another composition (a wrong program leaves out a step, say): it settles how
    the function is called and how the answer is printed. Raises ``ValueError`` if a feature has no such piece.
    """
    contract = like or composition
    picks = picks or ["code"] * len(composition.steps)
    names = name_values(composition, interface)
    main = (name or entry_point(contract)) if interface == "function" else "main"
    helpers = _Helpers(reserved={main, *_variables(composition, names)})
    body: list[str] = []
    given = iter(names.given)
    for number, (step, pick) in enumerate(zip(composition.steps, picks, strict=True)):
        value = len(composition.sources) + number
        parameters = {**{k: str(v) for k, v in step.constants}, **{g.name: next(given) for g in step.given}}
        expression = helpers.call(step, pick, names, parameters)
        if number < len(composition.steps) - 1:
            body.append(f"{', '.join(names.components(value))} = {expression}")
        elif interface == "function":
            body.append(f"return {expression}")
        else:
            body += print_answer(contract.answer, expression)
    if interface == "function":
        head = [f"def {main}({signature(composition, names)}){_returns(composition)}:"]
        tail: list[str] = []
    else:
        head = ["def main() -> None:"]
        body = read_input(composition, names) + body
        tail = ["main()"]
    main_text = "\n".join(head + [textwrap.indent(line, "    ") for line in body])
    blocks = [*helpers.texts, main_text, *tail]
    program = "\n\n\n".join(blocks)
    imports = _imports(program, needs_sys=interface == "stdio" and "sys." in program)
    return (imports + "\n\n" if imports else "") + ("\n" if imports and len(program) else "") + program + "\n"


def _variables(composition: Composition, names: Names) -> set[str]:
    """Return every name that the main function may use."""
    values = range(len(composition.sources) + len(composition.steps))
    parts = {part for value in values for part in names.components(value)}
    return parts | set(names.given) | {size for sizes in names.sizes for size in sizes}


def signature(composition: Composition, names: Names) -> str:
    """Return the parameter list of the function interface: annotated, except in profile micro."""
    if composition.profile == "micro":
        return ", ".join(names.values[: len(composition.sources)])
    parts = []
    for index, source in enumerate(composition.sources):
        if source.type in GRAPH_TYPES:
            count, edges = names.components(index)
            parts += [f"{count}: int", f"{edges}: {EDGES}"]
        else:
            parts.append(f"{names.values[index]}: {ANNOTATIONS[source.type]}")
    return ", ".join([*parts, *(f"{name}: int" for name in names.given)])


def _returns(composition: Composition) -> str:
    return "" if composition.profile == "micro" else f" -> {ANNOTATIONS[composition.features[-1].gives]}"


def starter_code(composition: Composition) -> str:
    """Return the stub that a LeetCode statement shows."""
    names = name_values(composition, "function")
    return f"def {entry_point(composition)}({signature(composition, names)}){_returns(composition)}:\n    "


# --- helper functions and expressions --------------------------------------------------------------------------------


class _Helpers:
    """The helper functions of one program, each text once, under names that clash with nothing."""

    def __init__(self, reserved: set[str]) -> None:
        self.texts: list[str] = []
        self._names: dict[tuple[str, Pick], str] = {}
        self._taken = reserved | set(dir(builtins)) | _MODULE_NAMES

    def call(self, step: Step, pick: Pick, names: Names, parameters: dict[str, str]) -> str:
        """Return the expression that computes a step, adding the helper it needs."""
        feature = FEATURES[step.feature]
        piece, text = source_of(step.feature, pick)
        if piece is None:
            slots = dict(zip("xz", (names.values[i] for i in step.inputs), strict=False))
            return text.format(**slots, **parameters).replace("'", '"')
        inputs = [name for i in step.inputs for name in names.components(i)]
        order = list(inspect.signature(piece).parameters)[len(inputs) :]
        arguments = inputs + [parameters[name] for name in order]
        return f"{self._define(feature, pick, piece, text)}({', '.join(arguments)})"

    def _define(self, feature: Feature, pick: Pick, piece: Callable[..., object], text: str) -> str:
        if (feature.name, pick) not in self._names:
            base = piece.__name__.removesuffix("_slow")
            name, number = base, 2
            while name in self._taken:
                name = f"{base}_{number}"
                number += 1
            self._taken.add(name)
            self._names[feature.name, pick] = name
            self.texts.append(re.sub(rf"\b{piece.__name__}\b", name, text))
        return self._names[feature.name, pick]


@cache
def source_of(name: str, pick: Pick) -> tuple[Callable[..., object] | None, str]:
    """Return (function, its source without docstrings) of a piece of a feature, or (None, expression template)."""
    feature = FEATURES[name]
    code = feature.slow if pick == "slow" else feature.code
    if code is None:
        raise ValueError(f"feature {name} has no brute force")
    text = code if isinstance(code, str) else _plain_source(code)
    if isinstance(pick, int):
        wrong = feature.wrong[pick]
        if text.count(wrong.old) != 1:
            raise ValueError(f'feature {name}: the mistake "{wrong.label}" must match exactly once')
        text = text.replace(wrong.old, wrong.new)
    return (None if isinstance(code, str) else code), text


def _plain_source(function: Callable[..., object]) -> str:
    """Return the source of a function, docstring removed and the catalog's own subroutines put in front."""
    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    tree = ast.parse(source)
    lines = source.split("\n")
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    if ast.get_docstring(definition):
        docstring = definition.body[0]
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)


# --- imports ---------------------------------------------------------------------------------------------------------


def _imports(program: str, *, needs_sys: bool) -> str:
    """Return the import lines for the modules that a program names."""
    modules = sorted(set(_MODULE_USE.findall(program)) | ({"sys"} if needs_sys else set()))
    return "\n".join(f"import {module}" for module in modules)


# --- stdio -----------------------------------------------------------------------------------------------------------

_LINES = (Type.WORDS, Type.PAIRS, Type.GRID, Type.MATRIX, Type.TREE, Type.GRAPH, Type.DIGRAPH, Type.WGRAPH)


def read_input(composition: Composition, names: Names) -> list[str]:
    """Return the lines that read an input case, as ``formats`` lays it out."""
    lines = []
    if any(source.type in _LINES for source in composition.sources):
        lines.append("input = sys.stdin.readline")
    header = header_names(composition, names)
    if len(header) == 1:
        lines.append(f"{header[0]} = int(input())")
    elif header:
        lines.append(f"{', '.join(header)} = map(int, input().split())")
    for index, source in enumerate(composition.sources):
        name = names.values[index]
        match source.type:
            case Type.INTS:
                lines.append(f"{name} = list(map(int, input().split()))")
            case Type.STR:
                lines.append(f"{name} = input().strip()")
            case Type.WORDS | Type.GRID:
                lines.append(f"{name} = [input().strip() for _ in range({names.sizes[index][0]})]")
            case Type.PAIRS | Type.MATRIX:
                lines.append(f"{name} = [list(map(int, input().split())) for _ in range({names.sizes[index][0]})]")
            case Type.TREE:
                lines.append(f"edges = [list(map(int, input().split())) for _ in range({names.sizes[index][0]} - 1)]")
            case Type.GRAPH | Type.DIGRAPH | Type.WGRAPH:
                lines.append(f"edges = [list(map(int, input().split())) for _ in range({names.sizes[index][1]})]")
            case _:
                pass
    return lines


def header_names(composition: Composition, names: Names) -> list[str]:
    """Return what stands on the first line: sizes and single numbers of the sources, then given parameters."""
    header: list[str] = []
    for index, source in enumerate(composition.sources):
        header += [names.values[index]] if source.type is Type.INT else names.sizes[index]
    return [*header, *names.given]


def prints_length(answer: Domain) -> bool:
    """Return whether the answer's length stands on a line of its own: where the list may be empty."""
    return answer.type in (Type.INTS, Type.WORDS, Type.PAIRS, Type.GRID, Type.MATRIX) and answer.size[0] == 0


def print_answer(answer: Domain, expression: str) -> list[str]:
    """Return the lines that print the answer."""
    match answer.type:
        case Type.INT | Type.STR:
            return [f"print({expression})"]
        case Type.BOOL:
            return [f'print("Yes" if {expression} else "No")']
        case _:
            pass
    lines = [f"answer = {expression}"]
    if prints_length(answer):
        lines.append("print(len(answer))")
    if answer.type is Type.INTS:
        return [*lines, "print(*answer)"] if len(lines) > 1 else [f"print(*{_starred(expression)})"]
    row = "*row" if answer.type in (Type.PAIRS, Type.MATRIX) else "row"
    return [*lines, "for row in answer:", f"    print({row})"]


def _starred(expression: str) -> str:
    """``*`` binds tighter than a conditional or an operator."""
    node = ast.parse(expression, mode="eval").body
    simple = isinstance(node, (ast.Call, ast.Name, ast.Subscript, ast.List, ast.ListComp, ast.Attribute))
    return expression if simple else f"({expression})"
