"""Planted contamination: problems of HumanEval in disguise, and innocent problems that look like them."""

import ast
import builtins
import copy
import gzip
import json
import keyword
import re
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import ClassVar, NamedTuple

from decontamination_stories import STORIES

from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Checker, Contract, Limits, Lineage, Problem, Solution, TestCase
from stepsmith.curate.benchmark_items import BenchmarkItem, read_items
from stepsmith.synth.exercises import ExerciseSettings, exercises

DATA = next(
    (p / "shared/data/benchmarks" for p in Path(__file__).resolve().parents if (p / "shared/data/benchmarks").is_dir()),
    Path("benchmarks-of-others"),
)
CONTESTS_SAY = (
    "You are given the arguments of the function in the order of its signature. Return the answer; do not print it. "
    "It is guaranteed that the answer is unique. Your solution is judged on several hidden tests, and it passes only "
    "if all of them are answered within the time limit.",
    "**Constraints:** the arguments are valid and small enough to be read at once. Do not use the network or files.",
)
SYNONYMS = {
    "return": "give back", "list": "sequence", "array": "sequence", "string": "text", "number": "value",
    "numbers": "values", "integer": "whole number", "integers": "whole numbers", "elements": "entries",
    "element": "entry", "given": "supplied", "function": "routine", "write": "implement", "find": "determine",
    "check": "test", "input": "argument", "takes": "accepts", "contains": "holds", "sorted": "ordered", "sort": "order",
    "largest": "biggest", "smallest": "least", "word": "term", "words": "terms", "characters": "letters",
    "positive": "above zero", "sum": "total", "two": "a pair of", "first": "initial", "equal": "identical",
    "if": "whenever", "all": "every one of the", "than": "compared with", "should": "must", "output": "result",
}  # fmt: skip
FLIPS = {
    "largest": "smallest", "smallest": "largest", "even": "odd", "odd": "even", "greater": "less", "less": "greater",
    "longest": "shortest", "shortest": "longest", "maximum": "minimum", "minimum": "maximum", "sum": "product",
    "product": "sum", "first": "last", "last": "first", "uppercase": "lowercase", "lowercase": "uppercase",
    "ascending": "descending", "increasing": "decreasing", "positive": "negative", "below": "above", "above": "below",
    "prime": "composite", "vowels": "consonants", "add": "multiply", "unique": "repeated", "closest": "farthest",
}  # fmt: skip


class Planted(NamedTuple):
    """A problem, its kind, and the item that it is; "" for an innocent one."""

    kind: str
    item: str
    problem: Problem


def human_eval() -> list[BenchmarkItem]:
    return read_items([DATA / "HumanEval.jsonl.gz"])


def contaminated() -> Iterator[Planted]:
    """Copies, renamed, reordered ones and other stories; the last with programs of other authors (EvalPlus)."""
    others = {item.name: item.program for item in read_items([DATA / "HumanEvalPlus-Mini.jsonl.gz"])}
    for number, item in enumerate(human_eval()):
        text = _plain(item.text)
        yield Planted("copied", item.name, _problem(text, item, item.program))
        yield Planted("renamed", item.name, _problem(_in_other_words(text), item, _renamed(item.program)))
        yield Planted("reordered", item.name, _problem(_reordered(text, number), item, _turned(item.program)))
        if number in STORIES:
            yield Planted("another story", item.name, _problem(STORIES[number], item, _renamed(others[item.name])))


def innocent() -> Iterator[Planted]:
    """MBPP in the same frame, problems of the grammar, and HumanEval with the opposite question."""
    for item in read_items([DATA / "sanitized-mbpp.json"]):
        yield Planted("MBPP, same frame", "", _problem(item.text, item, item.program))
    settings = ExerciseSettings(
        count=300, profile="contest", steps={"1": 2.0, "2": 2.0, "3": 1.0}, seed=3, distinct=True
    )
    for problem in exercises(settings):
        yield Planted("offline teacher", "", problem)
    for item in human_eval():
        text = _plain(item.text)
        flipped = re.sub(r"\w+", lambda word: FLIPS.get(word[0].lower(), word[0]), text)
        program = _opposite(item.program)
        if flipped != text and program:
            yield Planted("opposite question", "", _problem(flipped, item, program))


def _problem(text: str, item: BenchmarkItem, program: str) -> Problem:
    names = re.findall(r"^def (\w+)", program, re.MULTILINE)
    called = names[-1] if item.entry_point not in names else item.entry_point
    statement = f"{CONTESTS_SAY[0]}\n\n{text.strip()}\n\n{CONTESTS_SAY[1]}\n"
    return Problem(
        environment="induction",
        style="leetcode",
        title="",
        statement=statement,
        contract=Contract(
            interface="function",
            entry_point=called,
            limits=Limits(time_s=5.0),
            checker=Checker(name="literal"),
        ),
        starter_code="",
        task="{}",
        features=(),
        tests=_tests(item.name, program, called),
        golden=Solution(language="python", code=program),
        lineage=Lineage(
            chain_id=content_id("planted", text), turn=1, parent_id=None, change="", direction="new",
            seed_ref="",
        ),
    )  # fmt: skip


@cache
def _inputs() -> dict[str, list[list[object]]]:
    """Return EvalPlus's inputs by the item's name, "HumanEval/3" or "MBPP/3"."""
    found = {}
    for name in ("HumanEvalPlus-Mini.jsonl.gz", "MbppPlus.jsonl.gz"):
        for line in gzip.decompress((DATA / name).read_bytes()).splitlines():
            row = json.loads(line)
            found[row["task_id"].replace("Mbpp/", "MBPP/")] = [*row["base_input"], *row["plus_input"]][:12]
    return found


def _too_slow(*_: object) -> None:
    raise TimeoutError


@cache
def _tests(name: str, program: str, called: str) -> tuple[TestCase, ...]:
    """Return tests of a program on EvalPlus's inputs; one that proves nothing where there are none."""
    tests = []
    signal.signal(signal.SIGVTALRM, _too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
    try:
        space: dict[str, object] = {}
        exec(program, space)
        for arguments in copy.deepcopy(_inputs().get(name, [])):
            shown = repr(tuple(arguments))
            if len(shown) < 2000:
                tests.append(TestCase(input=shown, output=repr(space[called](*arguments))))  # type: ignore[operator]
    except Exception:  # the changed programs of "opposite question" may fail
        tests = []
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return tuple(tests) or (TestCase(input="()", output="0"),)


def _plain(text: str) -> str:
    """Return a text without doctests and examples."""
    return re.split(r">>>|\n\s*(?:Examples?|For example|E\.g\.|e\.g\.)\b", text)[0]


def _in_other_words(text: str) -> str:
    return re.sub(r"\w+", lambda word: SYNONYMS.get(word[0].lower(), word[0]), text)


def _reordered(text: str, number: int) -> str:
    """Return the sentences of a text in another order; of one sentence, its halves."""
    parts = [part for part in re.split(r"(?<=[.!?])\s+", " ".join(text.split())) if part]
    if len(parts) < 2:
        words = text.split()
        parts = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    before = list(parts)
    while parts == before and len(set(parts)) > 1:
        derive_rng(number, "order", len(parts)).shuffle(parts)
        if parts == before:
            parts.reverse()
    return " ".join(parts)


class _Rename(ast.NodeTransformer):
    def __init__(self, tree: ast.AST) -> None:
        bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        bound |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        bound |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        free = [name for name in sorted(bound) if not hasattr(builtins, name) and not keyword.iskeyword(name)]
        self.names = {name: f"item_{place}" for place, name in enumerate(free)}

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self.names.get(node.arg, node.arg), None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self.names.get(node.name, node.name), None
        if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


def _renamed(program: str) -> str:
    tree = ast.parse(program)
    return ast.unparse(ast.fix_missing_locations(_Rename(tree).visit(tree))) + "\n"


class _Turn(ast.NodeTransformer):
    """Writes what means the same the other way round: a < b as b > a, if-else with the test negated."""

    TURNED: ClassVar = {
        ast.Lt: ast.Gt,
        ast.Gt: ast.Lt,
        ast.LtE: ast.GtE,
        ast.GtE: ast.LtE,
        ast.Eq: ast.Eq,
        ast.NotEq: ast.NotEq,
    }

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = self.TURNED.get(type(node.ops[0]))
        if len(node.ops) == 1 and turned:
            return ast.Compare(left=node.comparators[0], ops=[turned()], comparators=[node.left])
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if node.orelse and not isinstance(node.orelse[0], ast.If):
            return ast.If(test=ast.UnaryOp(op=ast.Not(), operand=node.test), body=node.orelse, orelse=node.body)
        return node


def _turned(program: str) -> str:
    """Return the program with its functions in reverse order and comparisons and branches the other way round."""
    tree = ast.parse(program)
    tree = _Turn().visit(tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    rest = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    tree.body = [*rest, *reversed(functions)]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _Oppose(ast.NodeTransformer):
    """Changes the first comparison, or max to min, so that the program answers another question."""

    OPPOSED: ClassVar = {
        ast.Lt: ast.Gt,
        ast.Gt: ast.Lt,
        ast.LtE: ast.GtE,
        ast.GtE: ast.LtE,
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
    }
    NAMES: ClassVar = {"max": "min", "min": "max", "all": "any", "any": "all", "upper": "lower", "lower": "upper"}

    def __init__(self) -> None:
        self.done = False

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if not self.done and type(node.ops[0]) in self.OPPOSED:
            self.done = True
            node.ops[0] = self.OPPOSED[type(node.ops[0])]()
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not self.done and node.id in self.NAMES:
            self.done, node.id = True, self.NAMES[node.id]
        return node


def _opposite(program: str) -> str:
    tree = ast.parse(program)
    opposing = _Oppose()
    changed = opposing.visit(tree)
    return ast.unparse(ast.fix_missing_locations(changed)) + "\n" if opposing.done else ""
