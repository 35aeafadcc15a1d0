"""Mutants: small, labelled, plausible mistakes made in a correct Python program, by rewriting its syntax tree."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Contract, Record, Solution, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.verify.matrix import ExecutionMatrix


class Mutant(Record, frozen=True, kw_only=True):
    """A program that differs from its origin in one place."""

    label: str  # what was done and where: "comparison < became <= in line 7"
    operator: str  # the family of mistakes: "comparison", "constant", ...
    solution: Solution


@dataclass(frozen=True, slots=True)
class _Edit:
    """One change to a live tree: ``apply`` makes it, ``undo`` takes it back."""

    operator: str
    what: str
    line: int
    risky: bool  # inside a while loop: it may never end, so it is tried last
    apply: Callable[[], None]
    undo: Callable[[], None]


def mutate(solution: Solution, *, limit: int = 40, seed: int = 0) -> tuple[Mutant, ...]:
    """Return up to ``limit`` distinct mutants of a Python program, the same ones for the same arguments.

    Operators take turns, so that every family of mistakes that the program allows is represented before any comes
    twice; within a family the places are shuffled by ``seed``; places inside ``while`` loops come last, since
    mutants there often never end. Returns () for other languages and for code that does not parse. Mutants may be
    equivalent to their origin: see ``split_equivalent``.
    """
    if solution.language != "python":
        return ()
    try:
        tree = ast.parse(solution.code)
        seen = {ast.unparse(tree)}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    families: dict[str, list[_Edit]] = {}
    for edit in _edits(tree):
        families.setdefault(edit.operator, []).append(edit)
    rng = derive_rng(seed, "mutants")
    for name in sorted(families):
        rng.shuffle(families[name])
        families[name].sort(key=lambda edit: edit.risky)
    found: list[Mutant] = []
    for edit in _take_turns([families[name] for name in sorted(families)]):
        if len(found) >= limit:
            break
        edit.apply()
        try:
            code = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        finally:
            edit.undo()
        if code.rstrip("\n") not in seen:
            seen.add(code.rstrip("\n"))
            label = f"{edit.what} in line {edit.line}"
            found.append(Mutant(label=label, operator=edit.operator, solution=Solution(language="python", code=code)))
    return tuple(found)


def split_equivalent(
    judge: Judge, contract: Contract, golden: Solution, mutants: Sequence[Mutant], pool: Sequence[str]
) -> tuple[tuple[Mutant, ...], tuple[Mutant, ...]]:
    """Split mutants into (behaving otherwise on some input of ``pool``, equivalent as far as ``pool`` can tell).

    Inputs on which the golden itself does not run to a normal end are left out of the comparison.
    """
    matrix = ExecutionMatrix(judge, contract, (golden, *(m.solution for m in mutants)), pool)
    usable = [j for j, run in enumerate(matrix.row(0)) if run.verdict is Verdict.AC]
    alive: list[Mutant] = []
    equivalent: list[Mutant] = []
    for i, mutant in enumerate(mutants, start=1):
        (equivalent if matrix.first_difference(0, i, usable) is None else alive).append(mutant)
    return tuple(alive), tuple(equivalent)


def _take_turns(queues: Sequence[Sequence[_Edit]]) -> Iterator[_Edit]:
    """Yield the first edit of each queue, then the second of each, ...; all safe edits before any risky one."""
    for risky in (False, True):
        chosen = [[edit for edit in queue if edit.risky == risky] for queue in queues]
        for turn in range(max(map(len, chosen), default=0)):
            yield from (queue[turn] for queue in chosen if turn < len(queue))


# What becomes what. Several entries give several mutants for one place.
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.Div: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mod,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitOr,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "set": "list", "sum": "max"}


def _edits(tree: ast.Module) -> Iterator[_Edit]:
    """Yield every single change that the operators know, in source order of the nodes."""
    loops = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.While) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        risky = id(node) in loops
        line = getattr(node, "lineno", 1)
        for operator, what, owner, field, new in _changes(node):
            old = getattr(owner, field)
            yield _Edit(
                operator, what, line, risky,
                apply=lambda o=owner, f=field, v=new: setattr(o, f, v),  # type: ignore[misc]
                undo=lambda o=owner, f=field, v=old: setattr(o, f, v),  # type: ignore[misc]
            )  # fmt: skip


_Change = tuple[str, str, ast.AST, str, object]  # operator, what was done, node, its field, the field's new value


def _changes(node: ast.AST) -> Iterator[_Change]:
    """Yield the changes that can be made at one node."""
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            for other in _COMPARISONS.get(type(op), ()):
                ops = [*node.ops[:k], other(), *node.ops[k + 1 :]]
                yield "comparison", f"comparison {_name(op)} became {_name(other())}", node, "ops", ops
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        for arithmetic in _ARITHMETIC.get(type(node.op), ()):
            what = f"operator {_name(node.op)} became {_name(arithmetic())}"
            yield "arithmetic", what, node, "op", arithmetic()
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "constant", f"{node.value} became {not node.value}", node, "value", not node.value
        elif isinstance(node.value, int):
            for value in (node.value + 1, node.value - 1):
                yield "constant", f"constant {node.value} became {value}", node, "value", value
    elif isinstance(node, ast.BoolOp):
        flipped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "logic", f"{_name(node.op)} became {_name(flipped)}", node, "op", flipped
        for k in range(len(node.values)):
            kept = [*node.values[:k], *node.values[k + 1 :]]
            yield "logic", f"condition {k + 1} of {len(node.values)} forgotten", node, "values", kept
    elif isinstance(node, ast.Slice):
        yield from _slice_changes(node)
    elif isinstance(node, ast.Call):
        yield from _call_changes(node)
    if isinstance(node, (ast.If, ast.IfExp)):
        yield "condition", "condition negated", node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test)
    if isinstance(node, ast.Break):
        return
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield from _removals(node, field, block)


def _slice_changes(node: ast.Slice) -> Iterator[_Change]:
    """Yield slices with a bound forgotten or moved by one."""
    for field in ("lower", "upper", "step"):
        bound = getattr(node, field)
        if bound is None:
            continue
        yield "slice", f"{field} bound of a slice forgotten", node, field, None
        if field != "step" and not isinstance(bound, ast.Constant):  # constants have an operator of their own
            yield "slice", f"{field} bound of a slice moved by one", node, field, _plus(bound, 1)


def _call_changes(node: ast.Call) -> Iterator[_Change]:
    """Yield calls of a similar function, ranges that end or start one off, and calls with a keyword forgotten."""
    if isinstance(node.func, ast.Name):
        if (other := _CALLS.get(node.func.id)) and node.args:
            yield "call", f"{node.func.id} became {other}", node.func, "id", other
        if node.func.id == "range" and node.args and not any(isinstance(a, ast.Starred) for a in node.args):
            stop = 0 if len(node.args) == 1 else 1
            for step in (-1, 1):
                args = [*node.args[:stop], _plus(node.args[stop], step), *node.args[stop + 1 :]]
                yield "range", f"range ends one {'early' if step < 0 else 'late'}", node, "args", args
            if len(node.args) > 1:
                args = [_plus(node.args[0], 1), *node.args[1:]]
                yield "range", "range starts one late", node, "args", args
    if any(k.arg in ("reverse", "key", "default") for k in node.keywords):
        kept = [k for k in node.keywords if k.arg not in ("reverse", "key", "default")]
        yield "call", "keyword argument forgotten", node, "keywords", kept


def _removals(node: ast.AST, field: str, block: list[ast.stmt]) -> Iterator[_Change]:
    """Yield blocks with a statement forgotten: an update, a call for its effect, an early return."""
    for k, statement in enumerate(block):
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            first = isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Subscript)
            if first and isinstance(node, (ast.Module, ast.FunctionDef)):
                continue  # without its definition the rest merely crashes
            what = "assignment forgotten"
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            what = "call forgotten"
        elif isinstance(statement, ast.If) and not statement.orelse:
            what = "guarded step forgotten"
        elif isinstance(statement, (ast.Break, ast.Continue)):
            what = f"{type(statement).__name__.lower()} forgotten"
        else:
            continue
        yield "removal", f"{what} (line {statement.lineno})", node, field, [*block[:k], ast.Pass(), *block[k + 1 :]]


def _plus(node: ast.expr, step: int) -> ast.expr:
    """Return ``node`` plus ``step``."""
    op = ast.Add() if step > 0 else ast.Sub()
    return ast.BinOp(left=node, op=op, right=ast.Constant(value=abs(step)))


_SYMBOLS = {
    "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "In": "in", "NotIn": "not in",
    "Is": "is", "IsNot": "is not", "Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "Mod": "%",
    "Pow": "**", "BitAnd": "&", "BitOr": "|", "BitXor": "^", "LShift": "<<", "RShift": ">>", "And": "and", "Or": "or",
}  # fmt: skip


def _name(op: ast.AST) -> str:
    """Return an operator as it is written."""
    return _SYMBOLS[type(op).__name__]
