"""Many inputs in one process: a quick look at what a Python function returns for each of them.

A program may keep state between calls, so what a batch shows is only a hint; whatever becomes a finding is run again,
each input in a process of its own.
"""

import ast
from collections.abc import Sequence

import msgspec

from stepsmith.audit.memory import RememberingJudge
from stepsmith.core.errors import SandboxError
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Contract, Execution, Solution, Verdict

SIZE = 100  # inputs in one process
BAD_ENDINGS = 6  # time-outs and crashes of processes after which a program's other inputs are left out
BUDGET_S = 4.0  # CPU seconds for all inputs of one program: what bounds slow references, seldom reached
ENTRY = "stepsmith_batch"
STATELESS = frozenset(
    {"math", "re", "string", "itertools", "collections", "typing"}
)  # modules whose functions keep nothing
# Names by which a function could reach what outlives its call.
REACHES_OUT = frozenset(
    {"globals", "vars", "setattr", "getattr", "delattr", "eval", "exec", "open", "input", "compile"}
)
ENDED_BADLY = frozenset({Verdict.TLE, Verdict.MLE, Verdict.OLE})


def run_batch(judge: RememberingJudge, program: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
    """Return one run per input, as ``Judge.execute`` does, from as few processes as possible.

    Functions in Python share a process, and each run has its share of the CPU time. Where that ends badly, the inputs
    are halved until the bad one is alone. An exception is RTE. After ``BAD_ENDINGS`` the inputs that are left are TLE,
    and so they are after ``BUDGET_S``.
    """
    left, bad = BUDGET_S, 0
    shared = contract.interface == "function" and bool(contract.entry_point)
    found: list[Execution] = []
    waiting = _chunks(inputs)[::-1]
    while waiting:
        chunk = waiting.pop()
        if left <= 0 or bad >= BAD_ENDINGS:
            found += [Execution(verdict=Verdict.TLE, message="not run: no time was left")] * len(chunk)
            judge.timed += len(chunk)
            continue
        if not shared or len(chunk) == 1:
            size = len(chunk) if not shared and left > BUDGET_S / 2 else 1
            runs = judge.execute(program, contract, chunk[:size])
            if len(chunk) == 1 and not _is_literal(chunk[0]) and runs[0].verdict is Verdict.IE:
                runs = [Execution(verdict=Verdict.RTE, message="the input is no literal")]
            bad += sum(run.verdict in ENDED_BADLY for run in runs)
            waiting += [chunk[size:]] if chunk[size:] else []
        else:
            runs, spent = _together(judge, program, contract, chunk)
            if not runs:
                left -= spent
                bad += 1
                half = len(chunk) // 2
                waiting += [chunk[half:], chunk[:half]]
                continue
        left -= sum(run.cpu_s for run in runs)
        found += runs
    for run in found:
        if run.verdict is Verdict.IE:
            raise SandboxError(run.message)
    return found


def keeps_nothing(code: str, name: str) -> bool:
    """Return whether the function ``name`` surely gives for each call what it would give in a process of its own.

    So it is if the program consists of plain functions, constants and imports of a few modules, and if nothing in it
    could outlive a call. False says nothing.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if not any(isinstance(part, ast.FunctionDef) and part.name == name for part in tree.body):
        return False
    return all(map(_is_plain, tree.body)) and not any(map(_may_outlive, ast.walk(tree)))


def _is_plain(part: ast.stmt) -> bool:
    if isinstance(part, ast.Import):
        return all(alias.name in STATELESS for alias in part.names)
    if isinstance(part, ast.ImportFrom):
        return part.module in STATELESS and part.level == 0
    if isinstance(part, ast.Assign | ast.Expr):
        return isinstance(part.value, ast.Constant)
    return isinstance(part, ast.FunctionDef) and not part.decorator_list


def _may_outlive(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in REACHES_OUT or node.id.startswith("__")
    if isinstance(node, ast.Attribute):
        return node.attr.startswith("_") or not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.arguments):
        defaults = [*node.defaults, *filter(None, node.kw_defaults)]
        return not all(isinstance(default, ast.Constant) for default in defaults)
    return isinstance(node, ast.Global | ast.Nonlocal | ast.ClassDef)


def _chunks(inputs: Sequence[str]) -> list[list[str]]:
    """Return the inputs in order, up to ``SIZE`` together; one that is no literal (``inf``) is alone."""
    chunks: list[list[str]] = []
    closed = True
    for text in inputs:
        alone = not _is_literal(text)
        if closed or alone or len(chunks[-1]) == SIZE:
            chunks.append([])
        chunks[-1].append(text)
        closed = alone
    return chunks


def _is_literal(text: str) -> bool:
    try:
        read_literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _together(
    judge: RememberingJudge, program: Solution, contract: Contract, inputs: Sequence[str]
) -> tuple[list[Execution], float]:
    """Run the inputs in one process; return the runs ([] where that gives no result for each) and the CPU seconds."""
    owner, _, name = (contract.entry_point or "").rpartition(".")
    target = f"{owner}().{name}" if owner else name
    code = (
        f"{program.code}\n\ndef {ENTRY}(*calls):\n"
        "    seen = []\n    for call in calls:\n        try:\n"
        f"            seen.append((True, repr({target}(*call))))\n"
        "        except Exception as error:\n"
        "            seen.append((False, type(error).__name__))\n    return seen\n"
    )
    together = msgspec.structs.replace(contract, entry_point=ENTRY)
    text = f"({', '.join(as_arguments(given) for given in inputs)},)"
    (run,) = judge.execute(Solution(language="python", code=code), together, [text])
    if run.verdict is Verdict.IE:
        raise SandboxError(run.message)
    if run.verdict is not Verdict.AC:
        return [], run.cpu_s
    try:
        rows = read_literal(run.output)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [], run.cpu_s
    if not isinstance(rows, list) or len(rows) != len(inputs):
        return [], run.cpu_s
    share = run.cpu_s / len(inputs)
    runs = [
        Execution(verdict=Verdict.AC, output=shown, cpu_s=share)
        if fine
        else Execution(verdict=Verdict.RTE, message=shown, cpu_s=share)
        for fine, shown in rows
    ]
    return runs, run.cpu_s


def as_arguments(text: str) -> str:
    """Return an input as the text of an argument tuple."""
    value = read_literal(text)
    return text if isinstance(value, tuple) else literal_text((value,))
