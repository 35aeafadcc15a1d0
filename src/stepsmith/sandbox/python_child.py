"""The last code of ours that runs in a Python test's process: it runs the program and never returns.

It holds the compiled program and nothing else that is worth spying on. Whatever the program does to this interpreter,
it does to its own copy, and the result is only text that the judge reads from outside. What can be made ready before
the fork is, because every page of memory that a test's process touches first costs it a page fault.
"""

import _io
import atexit
import builtins
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from types import CodeType, ModuleType

from stepsmith.sandbox import frames

ARGUMENTS_FD, RESULT_FD = 0, 3


class PythonMain:
    """A compiled program, made in the solution's process; ``run`` is called in a test's process."""

    def __init__(self, code: CodeType, entry_point: str | None, command: list[str]) -> None:
        self._code = code
        self._entry_point = entry_point
        self._main = ModuleType("__main__")
        self._main.__dict__.update(__builtins__=builtins, __file__=command[0])
        sys.argv = command
        sys.modules["__main__"] = self._main
        _standard_streams()

    def run_all(self) -> None:
        """Run the program on every text framed in descriptor 0, frame what each run gives in descriptor 3, and end.

        The runs share an interpreter and all state that a program can leave in it. The first that fails is the last.
        """
        with _io.open(ARGUMENTS_FD, "rb", closefd=False) as file:
            texts = frames.unpack(file.read())
        for text in texts:
            sys.stdin = _io.TextIOWrapper(_io.BytesIO(text), "utf-8", "surrogateescape")
            printed = _io.BytesIO()
            sys.stdout = _io.TextIOWrapper(printed, "utf-8", "surrogateescape", "\n")
            scope: dict[str, object] = {"__name__": "__main__", "__builtins__": builtins, "__file__": sys.argv[0]}
            try:
                exec(self._code, scope)
                result = None if self._entry_point is None else _call(scope, self._entry_point, text)
            except SystemExit as stop:
                if self._entry_point is not None or _status(stop.code):
                    os._exit(1)
            sys.stdout.flush()
            data = frames.pack([printed.getvalue() if self._entry_point is None else result or b""])
            while data:
                data = data[os.write(RESULT_FD, data) :]
        os._exit(0)

    def run(self, arguments: list[str]) -> None:
        """Run the program as ``__main__``, call its entry point if it has one, and end the process."""
        if arguments:
            sys.argv += arguments
        status = 0
        scope = self._main.__dict__
        try:
            exec(self._code, scope)
            if self._entry_point is not None:
                _answer(scope, self._entry_point)
        except SystemExit as stop:
            status = _status(stop.code)
        except BaseException:
            _report()
            status = 1
        _finish(status)


def _standard_streams() -> None:
    """Make ``sys.stdin``, ``stdout`` and ``stderr`` anew over descriptors 0, 1 and 2, as at an interpreter's start."""
    for name, number, mode, errors in (
        ("stdin", 0, "r", "surrogateescape"),
        ("stdout", 1, "w", "surrogateescape"),
        ("stderr", 2, "w", "backslashreplace"),
    ):
        raw = _io.FileIO(number, mode, closefd=False)
        buffer = _io.BufferedReader(raw) if mode == "r" else _io.BufferedWriter(raw)
        newline = None if mode == "r" else "\n"
        stream = _io.TextIOWrapper(buffer, "utf-8", errors, newline, line_buffering=name == "stderr")
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        print(code, file=sys.stderr)
    except BaseException:
        return 1
    return 1


def _report() -> None:
    """Print the traceback without our own frames."""
    kind, error, trace = sys.exc_info()
    try:
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.__excepthook__(kind, error.with_traceback(trace), trace)  # type: ignore[arg-type, union-attr]
    except BaseException:  # a program may break anything here; it failed either way
        return


def _finish(status: int) -> None:
    """Do what an interpreter does at its end: wait for threads, run exit handlers, flush; then end the process."""
    if len(threading._active) > 1:  # type: ignore[attr-defined]
        _attempt(threading._shutdown)  # type: ignore[attr-defined]
    if atexit._ncallbacks():
        _attempt(atexit._run_exitfuncs)
    try:
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()
    except BaseException:
        _report()
        status = status or 120
    try:
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.flush()
    except BaseException:
        status = status or 120
    os._exit(status)


def _attempt(work: Callable[[], object]) -> None:
    try:
        work()
    except BaseException:
        _report()


# The function interface


def _answer(scope: dict[str, object], entry_point: str) -> None:
    """Call the entry point with the arguments in descriptor 0 and write its value, as a literal, to descriptor 3."""
    with _io.open(ARGUMENTS_FD, "rb", closefd=False) as file:
        text = file.read()
    data = _call(scope, entry_point, text)
    with _io.open(RESULT_FD, "wb", closefd=False) as file:
        file.write(data)


def _call(scope: dict[str, object], entry_point: str, text: bytes) -> bytes:
    """Call the entry point with the arguments that ``text`` holds; return its value as a literal."""
    target = _resolve(scope, entry_point)
    positional, named = _arguments(text.decode("utf-8", "surrogatepass"))
    result = target(*positional, **named)  # type: ignore[operator]
    sys.set_int_max_str_digits(0)
    return _literal(result).encode("utf-8", "surrogatepass")


def _resolve(scope: dict[str, object], entry_point: str) -> object:
    """Find ``function``, ``Class.method`` (called on a new instance), or a lone method of ``class Solution``."""
    owner, _, name = entry_point.rpartition(".")
    if not owner and name not in scope and hasattr(scope.get("Solution"), name):
        owner = "Solution"
    try:
        return getattr(scope[owner](), name) if owner else scope[name]  # type: ignore[operator]
    except KeyError:
        raise NameError(f"entry point {entry_point!r} is not defined") from None


def _arguments(text: str) -> tuple[tuple[object, ...], dict[str, object]]:
    """Read arguments: a tuple or list is positional, a dictionary is by name, anything else is one argument."""
    value = _read(text)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return (), value
    if isinstance(value, tuple | list):
        return tuple(value), {}
    return (value,), {}


_NAMES = {
    "__builtins__": {}, "inf": float("inf"), "nan": float("nan"), "set": set, "frozenset": frozenset,
    "null": None, "true": True, "false": False, "NaN": float("nan"), "Infinity": float("inf"),
}  # fmt: skip


def _read(text: str) -> object:
    """Evaluate Python or JSON text. It comes from the judge, and this process may do nothing anyway."""
    text = text.strip()
    if text[:1] in ("[", "{"):
        import json

        try:
            return json.loads(text)
        except ValueError:
            pass
    return eval(text, dict(_NAMES))


def _literal(value: object) -> str:
    """Return the literal text of a value; subclasses of the plain types (Counter, namedtuple, ...) count as those."""
    return repr(_plain(value))


_ATOMS = frozenset((int, float, str, bool, bytes, type(None), complex))


def _plain(value: object) -> object:
    kind = type(value)
    if kind in _ATOMS:
        return value
    if isinstance(value, list):
        if kind is list and all(type(item) in _ATOMS for item in value):
            return value
        return [_plain(item) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        return tuple([_plain(item) for item in tuple.__iter__(value)])
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in dict.items(value)}
    if isinstance(value, set | frozenset):
        return {_plain(item) for item in value}
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes.__bytes__(value)
    if isinstance(value, range | deque):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy
        return _plain(value.tolist())
    return value
