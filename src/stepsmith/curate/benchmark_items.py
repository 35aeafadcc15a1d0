"""Items of benchmarks (HumanEval, MBPP, EvalPlus, CRUXEval, LiveCodeBench, others), not to be trained on.

A row is recognised by its keys. Text, program and checks are read where a row has them; a row with neither text nor
program is an error of the file. Pickled tests (LiveCodeBench's private ones) are never loaded.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from stepsmith.benchmarks.evalplus_inputs import mbpp_inputs
from stepsmith.benchmarks.rows import Row, placed_rows
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record
from stepsmith.store.problem_sets import problem_files

MOST_INPUTS = 30  # at most so many inputs of an item are used

_TEXTS = (
    "question_content", "statement", "question", "prompt", "problem", "description", "text", "content", "instruction",
)  # fmt: skip
_PROGRAMS = ("canonical_solution", "golden", "code", "solution", "reference_solution")
_NAMES = ("task_id", "question_id", "problem_id", "id", "name")


class BenchmarkItem(Record, frozen=True, kw_only=True):
    """One problem of a benchmark.

    ``checks`` is Python that raises where the function ``candidate`` is wrong; ``cases`` are (stdin, stdout).
    """

    name: str  # "HumanEval/37"
    text: str = ""
    program: str = ""
    entry_point: str = ""
    checks: str = ""
    cases: tuple[tuple[str, str], ...] = ()
    language: str = "python"


def read_items(paths: Sequence[Path]) -> list[BenchmarkItem]:
    """Read the items of JSON Lines (also gzipped), JSON and Parquet files, and of folders of ``stepsmith synth``.

    Raises ``CaseError`` for a file that cannot be read, has no rows, or has a row that is not an item.
    """
    items: list[BenchmarkItem] = []
    for path in paths:
        before = len(items)
        for place, number, row in placed_rows(path, "--against needs one problem a line"):
            items.append(_item(path, place, number, row))
        if len(items) == before:
            raise CaseError(f"{path} has no rows; --against needs the problems of a benchmark")
    return items


def benchmark_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that ``read_items`` reads."""
    return [file for path in paths for file in (problem_files(path) if path.is_dir() else [path])]


def _item(path: Path, place: str, number: int, row: Row) -> BenchmarkItem:
    text, program = _text(row), _program(row)
    if not text and not program:
        keys = ", ".join(sorted(row)[:8]) or "none"
        raise CaseError(f"{place}: has neither a text nor a program that is known by its key (its keys: {keys})")
    prompt, defines = str(row.get("prompt", "")), rf"^def {re.escape(str(row.get('entry_point')))}\b"
    if re.search(
        defines, prompt, re.MULTILINE
    ):  # HumanEval: the prompt is code, and the solution may be the body alone
        text = _docstring(prompt) or text
        if program and not re.search(defines, program, re.MULTILINE):
            program = prompt + program
    entry_point = str(row.get("entry_point") or _metadata(row).get("func_name") or _tested_name(row, program))
    return BenchmarkItem(
        name=_name(path, number, row),
        text=text,
        program=program,
        entry_point=entry_point,
        checks=_checks(row, program, entry_point),
        cases=_cases(row),
        language=_language(row),
    )


def _name(path: Path, number: int, row: Row) -> str:
    stem = "MBPP" if "test_list" in row else path.name.partition(".")[0]
    for key in _NAMES:
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return value if isinstance(value, str) and "/" in value else f"{stem}/{value}"
    return f"{stem}/{number}"


def _text(row: Row) -> str:
    for key in _TEXTS:
        value = row.get(key)
        if isinstance(value, list):  # messages
            value = "\n".join(str(part.get("content", "")) for part in value if isinstance(part, dict))
        if isinstance(value, str) and value.strip():
            title = row.get("question_title") or ""
            return f"{title}\n{value}" if title else value
    return ""


def _program(row: Row) -> str:
    for key in _PROGRAMS:
        value = row.get(key)
        if isinstance(value, dict):
            value = value.get("code")
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _language(row: Row) -> str:
    golden = row.get("golden")
    return str(golden.get("language", "python")) if isinstance(golden, dict) else "python"


def _docstring(prompt: str) -> str:
    """Return the last docstring of a prompt that is code; "" where it cannot be read."""
    try:
        tree = ast.parse(f"{prompt}    pass\n")
    except (SyntaxError, ValueError):
        return ""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return "\n".join(filter(None, (ast.get_docstring(node) for node in functions)))


def _metadata(row: Row) -> Row:
    value = row.get("metadata")
    if isinstance(value, str):
        try:
            return msgspec.json.decode(value, type=Row)
        except msgspec.DecodeError:
            return {}
    return value if isinstance(value, dict) else {}


def _tested_name(row: Row, program: str) -> str:
    """Return the name of the function that MBPP's assertions call, or that CRUXEval's program defines."""
    defined = re.findall(r"^def (\w+)", program, re.MULTILINE)
    tests = row.get("test_list")
    tested = " ".join(map(str, tests)) if isinstance(tests, list) else ""
    return next((name for name in reversed(defined) if name in tested), defined[-1] if defined else "")


def _checks(row: Row, program: str, entry_point: str) -> str:
    """Return Python that raises where ``candidate`` is wrong; "" where the row has no tests of that kind."""
    if isinstance(row.get("test"), str) and "def check(" in str(row["test"]):
        return f"{row['test']}\ncheck(candidate)\n"
    tests = row.get("test_list")
    if isinstance(tests, list) and tests and entry_point:
        imports = row.get("test_imports")
        before = [*map(str, imports if isinstance(imports, list) else ()), str(row.get("test_setup_code") or "")]
        return "\n".join((*before, f"{entry_point} = candidate", *map(str, tests))) + "\n"
    inputs = [*_sequence(row.get("base_input")), *_sequence(row.get("plus_input"))][:MOST_INPUTS]
    if str(row.get("task_id", "")).startswith("Mbpp/"):
        inputs = list(mbpp_inputs(str(row["task_id"]), inputs))  # type: ignore[arg-type]  # lists of arguments
    if inputs and program and entry_point:
        return _SAME_AS_REFERENCE.format(program=program, entry_point=entry_point, inputs=inputs)
    functional = [test for test in _public_tests(row) if test.get("testtype") == "functional"]
    if functional and entry_point:
        calls = [([_value(line) for line in str(t.get("input")).splitlines()], _value(str(t.get("output"))))
                 for t in functional]  # fmt: skip
        return f"for _args, _output in {calls!r}:\n    assert candidate(*_args) == _output\n"
    if isinstance(row.get("input"), str) and isinstance(row.get("output"), str) and entry_point:
        return f"assert candidate({row['input']}) == ({row['output']})\n"
    return ""


_SAME_AS_REFERENCE = """
import copy, math
from math import inf, nan
_space = {{}}
exec({program!r}, _space)
def _same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b
for _args in {inputs!r}:
    assert _same(candidate(*copy.deepcopy(_args)), _space[{entry_point!r}](*copy.deepcopy(_args)))
"""


def _cases(row: Row) -> tuple[tuple[str, str], ...]:
    """Return LiveCodeBench's public tests on standard input."""
    return tuple(
        (str(test.get("input", "")), str(test.get("output", "")))
        for test in _public_tests(row)
        if test.get("testtype") == "stdin"
    )


def _public_tests(row: Row) -> list[Row]:
    tests = row.get("public_test_cases")
    if isinstance(tests, str):
        try:
            tests = msgspec.json.decode(tests)
        except msgspec.DecodeError:
            return []
    return [test for test in _sequence(tests) if isinstance(test, dict)]


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _sequence(value: object) -> list[object]:
    return value if isinstance(value, list) else []
