"""Run a Python program in a test's process, and end the process, as ``python3`` would.

This is the last code of Stepsmith in that process. It holds the compiled program and nothing secret; a program can
change only its own copy of this interpreter. As much work as possible is done before the fork, because every page of
memory that a test's process writes for the first time costs a page fault.
"""

import _io
import atexit
import builtins
import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from os import _exit, getpid, kill, write
from types import (
    CodeType,
    FrameType,
    ModuleType,
    TracebackType,
)
from typing import Any

from stepsmith.sandbox import finalizing, frames, values

ARGUMENTS_FD, RESULT_FD = 0, 3
INTERRUPTED = 128 + signal.SIGINT  # CPython ends by the signal itself; a shell reports it as this number
FUNCTION_MODULE = "solution"  # programs with an entry point are imported: their main guard does not run


_finalize_and_exit = ctypes.pythonapi.Py_Exit
_finalize_and_exit.restype = None
_show = sys.__excepthook__


class PythonMain:
    """The interpreter's state for a program: made in a solution's process; ``run`` is called in a test's process."""

    def __init__(self, command: list[str]) -> None:
        self._code: CodeType | None = None
        self._entry_point: str | None = None
        self._shared = self._loaded = False
        self._memory_mb = 0
        self._may_leave = True
        self._modules = 0
        self._arguments: values.Arguments | None = None
        self._streams = _standard_streams()
        sys.argv = command
        sys.orig_argv = ["python3", *command]
        sys.modules["__main__"] = ModuleType("__main__")
        self._module: ModuleType | None = None
        self._modules_ready: list[ModuleType] = []

    def end_preparations(self) -> None:
        """Mark the start of the program: objects that exist by now are not finalized when the process ends."""
        gc.freeze()
        self._modules_ready = [self._new_module(name) for name in ("__main__", FUNCTION_MODULE)]

    def start(self, code: CodeType, *, entry_point: str | None, shared: bool, memory_mb: int) -> None:
        """Take a compiled program, and make its module known."""
        self._code, self._entry_point, self._shared, self._memory_mb = code, entry_point, shared, memory_mb
        self._may_leave = finalizing.may_leave(code)
        self._module = module = self._modules_ready.pop(0 if entry_point is None else 1)
        sys.modules[module.__name__] = module
        self._modules = len(sys.modules)

    def load(self) -> None:
        """Run the top level of the program, which must be our own, so that its tests find it done."""
        assert self._code is not None and self._module is not None  # noqa: PT018
        exec(self._code, self._module.__dict__)
        self._loaded, self._modules = True, len(sys.modules)
        gc.freeze()

    def _new_module(self, name: str) -> ModuleType:
        """Return an empty module for a program, with the names that CPython gives a script."""
        module = ModuleType(name)
        module.__dict__.update(__annotations__={}, __builtins__=builtins)
        if name == "__main__":
            path = f"{os.getcwd()}/{sys.argv[0]}"
            module.__dict__.update(__loader__=SourceFileLoader(name, path), __file__=path, __cached__=None)
        return module

    def prepare(self) -> None:
        """Read a function's arguments from descriptor 0. Raises ``ValueError`` if they cannot be read."""
        if self._entry_point is not None and not self._shared:
            with _io.open(ARGUMENTS_FD, "rb", closefd=False) as file:
                self._arguments = values.read_arguments(file.read())

    def run(self, words: list[str]) -> None:
        """Run the program with ``words`` as its command-line arguments, and end the process."""
        if self._shared:
            self._run_all()
        status = self.execute(words)
        if self.settle():
            if status == INTERRUPTED:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                kill(getpid(), signal.SIGINT)
            _exit(status)
        del self._streams
        _finalize_and_exit(status)

    def execute(self, words: list[str]) -> int:
        """Run the program, call its entry point if it has one, and return the exit code."""
        if words:
            sys.argv += words
        status = 0
        assert self._code is not None and self._module is not None  # noqa: PT018
        scope = self._module.__dict__
        try:
            if not self._loaded:
                exec(self._code, scope)
            if self._arguments is not None:
                data = self._call(scope, self._arguments)
                while data:
                    data = data[write(RESULT_FD, data) :]
        except SystemExit as stop:
            status = _exit_status(stop)
        except BaseException:
            status = _report()
        self._module = self._arguments = None
        return status

    def settle(self) -> bool:
        """Do what CPython does at its end, and return True; False if the interpreter must finalize and do it itself.

        Finalizing costs several times more than a small program.
        """
        flushed = _flush_main()
        try:
            if len(threading._active) > 1 or threading._threading_atexits:  # type: ignore[attr-defined]
                threading._shutdown()  # type: ignore[attr-defined]
                flushed = False
            if atexit._ncallbacks():
                atexit._run_exitfuncs()
                flushed = False
            own_out, own_error = self._streams
            if not (flushed and sys.stdout is own_out and sys.stderr is own_error):
                for stream in (sys.stdout, sys.stderr, own_out, own_error):
                    if stream is not None and not _is_closed(stream):
                        stream.flush()
            may_leave = self._may_leave or len(sys.modules) > self._modules
            return not (may_leave and finalizing.has_left(self._memory_mb))
        except BaseException:  # the program has changed the interpreter so that this fails
            return False

    def _run_all(self) -> None:
        """Run the program on every packed text in descriptor 0, pack the results into descriptor 3, and end.

        The runs share one interpreter, with all state that a program leaves in it. The first failure ends them.
        """
        assert self._code is not None
        with _io.open(ARGUMENTS_FD, "rb", closefd=False) as file:
            texts = frames.unpack(file.read())
        for text in texts:
            arguments = None if self._entry_point is None else values.read_arguments(text)
            source = b"" if arguments is not None else text
            sys.stdin = _io.TextIOWrapper(_io.BytesIO(source), "utf-8", "surrogateescape", "\n")
            printed = _io.BytesIO()
            sys.stdout = _io.TextIOWrapper(printed, "utf-8", "surrogateescape", "\n")
            module = self._new_module("__main__" if self._entry_point is None else FUNCTION_MODULE)
            sys.modules[module.__name__] = module
            scope = module.__dict__
            result = b""
            try:
                exec(self._code, scope)
                if arguments is not None:
                    result = self._call(scope, arguments)
            except SystemExit as stop:
                if arguments is not None or _exit_status(stop):
                    _exit(1)
            sys.stdout.flush()
            data = frames.pack([printed.getvalue() if arguments is None else result])
            while data:
                data = data[write(RESULT_FD, data) :]
        _exit(0)

    def _call(self, scope: dict[str, object], arguments: values.Arguments) -> bytes:
        """Call the entry point and return its result as a literal."""
        positional, named = arguments
        target = self._target(scope)
        return values.literal(target(*positional, **named))

    def _target(self, scope: dict[str, object]) -> Callable[..., object]:
        """Find ``function``, ``Class.method`` (called on a new instance), or a lone method of ``class Solution``."""
        assert self._entry_point is not None
        owner, _, name = self._entry_point.rpartition(".")
        if not owner and name not in scope and hasattr(scope.get("Solution"), name):
            owner = "Solution"
        try:
            found: Any = getattr(scope[owner](), name) if owner else scope[name]  # type: ignore[operator]
        except KeyError:
            raise NameError(f"entry point {self._entry_point!r} is not defined") from None
        return found  # type: ignore[no-any-return]


def _standard_streams() -> tuple[_io.TextIOWrapper, _io.TextIOWrapper]:
    """Make new ``sys.stdin``, ``stdout`` and ``stderr`` as CPython does at its start; return the latter two."""
    made = []
    for number, (name, mode, errors) in enumerate(
        (("stdin", "r", "surrogateescape"), ("stdout", "w", "surrogateescape"), ("stderr", "w", "backslashreplace"))
    ):
        buffer = _io.open(number, f"{mode}b", closefd=False)
        buffer.raw.name = f"<{name}>"  # type: ignore[attr-defined]
        stream = _io.TextIOWrapper(buffer, "utf-8", errors, "\n", line_buffering=name == "stderr")
        stream.mode = mode  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
        made.append(stream)
    return made[1], made[2]


def hide_frames() -> None:
    """Give the program the same recursion depth as under ``python3``, by not counting our own frames.

    Call it in the same frame as ``PythonMain.run``. In CPython 3.12 and later the counter cannot be reached; there a
    program has about ten frames less.
    """
    ctypes.pythonapi.Py_LeaveRecursiveCall()  # for ``execute``; the frame of this function stands for ``run``
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        ctypes.pythonapi.Py_LeaveRecursiveCall()
        frame = frame.f_back


def _exit_status(stop: SystemExit) -> int:
    """Return the exit code of a ``SystemExit``; as in CPython, print a code that is not a number."""
    code = stop.code
    if code is None:
        return 0
    if isinstance(code, int):
        return int.__and__(code, 0xFF) if -(1 << 63) <= code < 1 << 63 else 0xFF
    try:
        print(code, file=sys.stderr)
    except BaseException:
        return 1
    return 1


def _report() -> int:
    """Pass the current exception to ``sys.excepthook``, without our own frames; return the exit code."""
    kind, error, trace = sys.exc_info()
    assert kind is not None and error is not None  # noqa: PT018
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error = error.with_traceback(trace)
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    try:
        sys.excepthook(kind, error, trace)
    except SystemExit as stop:
        return _exit_status(stop)
    except BaseException:
        _report_hook(kind, error, trace)
    return INTERRUPTED if kind is KeyboardInterrupt else 1


def _report_hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an exception that ``sys.excepthook`` raised, and the exception that it was called with."""
    try:
        print("Error in sys.excepthook:", file=sys.stderr)
        _show(*sys.exc_info())
        print("\nOriginal exception was:", file=sys.stderr)
        _show(kind, error, trace)
    except BaseException:  # a program may have broken anything here; it has failed anyway
        return


# The end


def _flush_main() -> bool:
    """Flush the streams as CPython does when the main module has ended, before threads and exit handlers.

    Return whether that worked. A failure is ignored; what is still unwritten at the very end is reported then.
    """
    worked = True
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except BaseException:
            worked = False
    return worked


def _is_closed(stream: Any) -> bool:
    try:
        return bool(stream.closed)
    except BaseException:
        return False
