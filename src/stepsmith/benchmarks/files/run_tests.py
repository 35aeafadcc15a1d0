# mypy: ignore-errors
"""The script that runs a program the way a harness does: all inputs in one process, behind replaced streams.

This file is not imported: its text is put before a call of ``main`` and run in the sandbox, so it uses the standard
library alone and every line of it may be changed by the program that it runs. It never sees an expected output, and so
a program that lies about its outputs gains nothing. It reads a JSON array of inputs (texts, or lists of arguments) on
standard input and prints ``{"stage": "compile"|"run", "error": text|null, "results": [...]}``; a result is
``{"value": encoded}`` or ``{"error": text, "timeout": bool}`` and the last one may be an error, which ends the run.

What is imitated: LiveCodeBench/LiveCodeBench 28fef95 (lcb_runner/evaluation/testing_util.py), the copies of it in
lighteval 0.13.0 and NeMo Gym 07d6b0d, and verl 0.9.1 (utils/reward_score/prime_code/testing_util.py). One thing is
not: their limits count wall time, ours CPU time, so that a busy machine changes no verdict.
"""

import ast
import builtins
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

# What the harnesses take away from the interpreter: they call it a guard, and say themselves that it is none.
OS_NAMES = (
    "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate replace "
    "unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir"
)
SHUTIL_NAMES = ("rmtree", "move", "chown")
HIDDEN_MODULES = ("ipdb", "joblib", "resource", "psutil", "tkinter")


# Raised in the program when its time is up. It may catch it, as under the harnesses; they look for this name.
TimeIsUp = type("TimeoutException", (Exception,), {})


def main(settings: dict[str, Any], code: str) -> NoReturn:
    """Run ``code`` on every input under ``settings`` (a dictionary; see ``rules/running.py``) and print the results."""
    inputs = json.loads(sys.stdin.buffer.read())
    report_to = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a program that reads the descriptor itself finds nothing there
    os.dup2(2, 1)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(settings["integer_digits"])
    signal.signal(signal.SIGPROF, _time_is_up if settings["time_is_up"] == "raise" else _die)
    if settings["guarded"]:
        _take_away(settings)
    done = {"stage": "compile", "error": None, "results": []}
    try:
        method = _compiled(settings, code)
        done["stage"] = "run"
        _run_all(settings, method, inputs, done["results"])
    except Exception as error:
        done["error"] = _said(error)
    sys.set_int_max_str_digits(0)
    data = json.dumps(done).encode()
    while data:
        data = data[os.write(report_to, data) :]
    os._exit(0)


def _time_is_up(*_: object) -> NoReturn:
    raise TimeIsUp


def _die(*_: object) -> NoReturn:
    os._exit(137)


def _take_away(settings: dict[str, Any]) -> None:
    import shutil
    import subprocess

    for name in OS_NAMES.split():
        if hasattr(os, name):
            setattr(os, name, None)
    for name in SHUTIL_NAMES:
        setattr(shutil, name, None)
    subprocess.Popen = None
    builtins.quit = builtins.help = None
    if not settings["exit"]:
        builtins.exit = None
    for name in (*HIDDEN_MODULES, *settings["hidden_modules"]):
        sys.modules[name] = None


def _limit(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, seconds)


# Assembly


def _compiled(settings: dict[str, Any], code: str) -> Callable[..., Any]:
    """Return the function that is called for each input. Raises what the program's top level raises."""
    function = settings["function"]
    if function is None:
        wrapping = settings["wrapping"]
        text = _WRAPPINGS[wrapping](settings["prelude"], code)
        name = {"function": "wrapped_function", "indented": "code", "module": None}[wrapping]
    else:
        text = settings["prelude"] + "\n\n" + code
        name = function
    if name is None:
        whole = compile(text, "<string>", "exec")
        return lambda: exec(whole, {"__name__": "__main__", "__builtins__": builtins})
    module = ModuleType("tmp_sol", "")
    _limit(settings["time_s"])
    try:
        exec(compile(text, "<string>", "exec"), module.__dict__)
        if settings["wrapping"] == "indented":
            sys.modules["tmp_sol"] = module
        solution = "class Solution" in (text if settings["wrapping"] == "function" else code)
        owner = module.Solution() if solution and (function or settings["wrapping"] == "function") else module
    finally:
        _limit(0)
    return getattr(owner, name)


def _without_guard(code: str) -> str:
    """Return a program whose last statement is a main guard with the guard's body in its place."""
    try:
        tree = ast.parse(code)
        last = tree.body[-1]
        if isinstance(last, ast.If) and ast.unparse(last.test).strip() == "__name__ == '__main__'":
            return ast.unparse(tree.body[:-1]) + "\n" + ast.unparse(last.body)
    except Exception:  # what cannot be parsed stays as it is, and fails where it is compiled
        return code
    return code


def _in_function(prelude: str, code: str) -> str:
    """Put everything but the top-level imports into a function, as LiveCodeBench does."""
    code = _without_guard(code)
    try:
        body = ast.parse(code).body
        imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
        function = ast.FunctionDef(
            name="wrapped_function",
            args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
            body=[node for node in body if node not in imports],
            decorator_list=[],
            type_params=[],
            lineno=-1,
        )
        return prelude + "\n" + ast.unparse(imports) + "\n" + ast.unparse(function)
    except Exception:
        return code


def _indented(prelude: str, code: str) -> str:
    """Indent every line that does not begin with an import by a tab, below ``def code():``, as PRIME does."""
    lines, started = [], False
    for line in _without_guard(code).split("\n"):
        imports = line.startswith(("from ", "import "))
        if not imports and not started:
            lines += ["stdin = sys.stdin", "stdout = sys.stdout", "def code():"]
            started = True
        lines.append("\t" + line if started else line)
    return prelude + "\n".join(lines) + "\n"


_WRAPPINGS = {
    "function": _in_function,
    "indented": _indented,
    "module": lambda prelude, code: prelude + code,
}


# Running


def _run_all(settings: dict[str, Any], method: Callable[..., Any], inputs: list[Any], results: list[Any]) -> None:
    for given in inputs:
        _limit(settings["time_s"])
        try:
            value = _called(method, given) if settings["function"] else _printed(settings, method, given)
            results.append({"value": value})
        except Exception as error:
            _limit(0)
            results.append({"error": _said(error), "timeout": "timeoutexception" in _said(error).lower()})
            return
        finally:
            _limit(0)


def _called(method: Callable[..., Any], arguments: list[Any]) -> object:
    value = method(*arguments)
    _limit(0)
    return _encoded(value)


def _printed(settings: dict[str, Any], method: Callable[..., Any], text: str) -> str:
    stdout, sys.stdout = sys.stdout, io.StringIO()
    captured = sys.stdout
    captured.close = lambda _: 1
    stdin, real_open = sys.stdin, builtins.open
    sys.stdin = _STREAMS[settings["stdin"]](text)
    if settings["stdin"] != "real":
        builtins.open = _fake_open(text, real_open)
    try:
        method()
    except SystemExit:
        pass
    finally:
        sys.stdin, builtins.open, sys.stdout = stdin, real_open, stdout
    _limit(0)
    return captured.getvalue()


def _fake_open(text: str, real_open: Callable[..., Any]) -> Callable[..., Any]:
    """Return an ``open`` that gives the input for every name, by the same means as the harnesses: ``mock_open``."""

    def fake(*arguments: object, **named: object) -> object:
        builtins.open = real_open
        from unittest.mock import mock_open

        builtins.open = mock_open(read_data=text)
        return builtins.open(*arguments, **named)  # noqa: PTH123 - the mock

    return fake


class _Buffer:
    """``sys.stdin.buffer``: every ``readline`` gives the first line again."""

    def __init__(self, text: str) -> None:
        self.inputs = text.encode("utf-8")

    def read(self, *_: object) -> bytes:
        return self.inputs

    def readline(self, *_: object) -> bytes:
        return self.inputs.split(b"\n")[0] + b"\n"


class _Mock:
    """``sys.stdin``: ``read`` and ``readlines`` give everything each time; a program cannot loop over it.

    The harness replaces these methods by others that give lines without newlines, but its decorators take effect from
    the bottom up, and so it replaces them in the stream that was there before.
    """

    def __init__(self, text: str) -> None:
        self._stringio = io.StringIO(text)
        self.buffer = _Buffer(text)
        self.read = lambda *_: text
        self.readlines = lambda *_: text.split("\n")
        self.readline = lambda *given: self._stringio.readline(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stringio, name)


class _IterableMock(_Mock):
    """The same, and a program may also loop over it (NeMo Gym)."""

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> str:
        return next(self._stringio)


def _real(text: str) -> Any:
    return io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass")), "utf-8", "surrogateescape", "\n")


# "plain" has no ``buffer`` (lighteval, PRIME)
_STREAMS = {"mock": _Mock, "iterable-mock": _IterableMock, "plain": io.StringIO, "real": _real}


# Results


def _said(error: BaseException) -> str:
    try:
        return repr(error)[:2000]
    except Exception:
        return type(error).__name__


def _encoded(value: Any) -> object:
    """Return a value as JSON that keeps what Python's ``==`` looks at; what has no such form becomes its text."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [_encoded(item) for item in value]
    if kind is tuple:
        return {"tuple": [_encoded(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
    if kind in (set, frozenset):
        return {"set": [_encoded(item) for item in value]}
    for base in (bool, int, float, str, list):
        if isinstance(value, base):
            return _encoded(base(value))
    if kind.__module__ == "numpy" and getattr(value, "shape", None) == ():
        return _encoded(value.item())
    return {"other": repr(value)[:2000], "type": kind.__name__}
