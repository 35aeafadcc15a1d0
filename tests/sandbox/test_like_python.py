"""The law: a Python program prints, returns and ends under the judge as it does under ``python3``."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from stepsmith.sandbox.executable import Executable, Opened, RunLimits, RunOutcome
from stepsmith.sandbox.worker import Worker

LIMITS = RunLimits(cpu_s=10, wall_s=60, memory_mb=512, output_bytes=1 << 20)
PYTHON = os.path.realpath(sys.executable)
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "LC_ALL": "C.UTF-8"}
# Imports the program and calls its function, as LiveCodeBench's harness does; the value goes to a file.
HARNESS = """
import ast, sys
from types import ModuleType
with open(sys.argv[1]) as program, open(sys.argv[2]) as arguments:
    code = compile(program.read(), "solution.py", "exec")
    sys.set_int_max_str_digits(0)
    value = ast.literal_eval(arguments.read())
    sys.set_int_max_str_digits(4300)
module = sys.modules["solution"] = ModuleType("solution")
module.__dict__.update(__annotations__={})
exec(code, module.__dict__)
result = module.f(**value) if isinstance(value, dict) else module.f(*value)
sys.set_int_max_str_digits(0)
with open(sys.argv[3], "w") as file:
    file.write(repr(result))
"""


def idioms(interface: str, usual_input: str) -> dict[str, tuple[str, str]]:
    """Read the idioms of an interface: (source, input) by name."""
    text = (Path(__file__).parent / "idioms" / f"{interface}.txt").read_text()
    found = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, _, source = re.sub(r"^#### .*\n", "", part, flags=re.MULTILINE).partition("\n")
        stdin = usual_input
        if source.startswith("#< "):
            expression, _, source = source.removeprefix("#< ").partition("\n")
            stdin = eval(expression)
        if source.startswith("#! "):
            source = source.partition("\n")[2].encode().decode("unicode_escape")
        assert name not in found
        found[name] = source.strip("\n") + "\n", stdin
    return found


STDIO = idioms("stdio", "3\n1 2 3\nlast line")
FUNCTION = idioms("function", "(3,)")


class End(NamedTuple):
    """What can be seen of a process once it has ended."""

    printed: str
    status: int  # exit code, negative for a signal
    last_word: str  # last line of stderr
    value: str = ""


def last_line(text: bytes) -> str:
    """Return the last line of stderr, without the place that a warning came from.

    Of a syntax error only the name: CPython words it for text a little differently than for files.
    """
    line = re.sub(r"^\S+:\d+: ", "", text.decode("utf-8", "replace").rstrip().rpartition("\n")[2])
    return re.sub(r"^(SyntaxError|IndentationError|TabError): .*", r"\1", line)


def under_python(folder: Path, source: str, stdin: str, *, function: bool) -> End:
    program, value = folder / "solution.py", folder / "value"
    program.write_bytes(source.encode())
    (folder / "input").write_bytes(stdin.encode())
    command = [PYTHON, program.name]
    if function:
        (folder / "harness.py").write_text(HARNESS)
        command = [PYTHON, "harness.py", program.name, "input", value.name]
    with (folder / "input").open("rb") as file:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL if function else file, capture_output=True,
            cwd=folder, env=ENVIRONMENT, check=False, timeout=60,
        )  # fmt: skip
    printed = done.stdout.decode("utf-8", "surrogateescape")
    return End(printed, done.returncode, last_line(done.stderr), value.read_text() if value.exists() else "")


def under_the_judge(worker: Worker, source: str, stdin: str, *, function: bool) -> End:
    """Run a program opened; if the worker can, also as a one-shot, which must end in the same way."""
    entry_point = "f" if function else None
    code = source.encode()
    program = Executable(
        kind="python", code=code, entry_point=entry_point, files=(("solution.py", code),), folder="read"
    )
    opened = worker.open(program, LIMITS)
    end = end_of(worker.run(stdin.encode()) if opened.ok else opened)
    if worker.can_one_shot:
        assert end_of(worker.run_once(program, LIMITS, stdin.encode())) == end
    return end


def end_of(outcome: Opened | RunOutcome) -> End:
    if isinstance(outcome, Opened):
        return End("", 1, last_line(outcome.text.encode()))
    assert outcome.end == "", outcome
    status = outcome.exit_code if outcome.exit_code is not None else -(outcome.signal or 0)
    printed = outcome.stdout.decode("utf-8", "surrogateescape")
    return End(printed, status, last_line(outcome.stderr), outcome.result.decode())


def test_there_are_many() -> None:
    assert len(STDIO) > 200
    assert len(FUNCTION) > 25


@pytest.mark.parametrize("name", STDIO)
def test_a_program_is_run_as_python_runs_it(name: str, worker: Worker, tmp_path: Path) -> None:
    source, stdin = STDIO[name]
    expected = under_python(tmp_path, source, stdin, function=False)
    assert under_the_judge(worker, source, stdin, function=False) == expected


@pytest.mark.parametrize("name", FUNCTION)
def test_a_function_is_called_as_a_harness_calls_it(name: str, worker: Worker, tmp_path: Path) -> None:
    source, arguments = FUNCTION[name]
    expected = under_python(tmp_path, source, arguments, function=True)
    assert under_the_judge(worker, source, arguments, function=True) == expected
