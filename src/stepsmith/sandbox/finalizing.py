"""Decide whether the interpreter must finalize its objects when a program ends, or may simply stop.

Finalizing costs several times more than a small program, and for most programs it has no effect that anyone can see:
no object has a finalizer, and no stream has unwritten data. Both functions here are on the safe side: unless it is
certain that nothing is left, the interpreter finalizes.
"""

import _io
import gc
import sys
from collections import deque
from importlib.machinery import SourceFileLoader
from itertools import compress, repeat
from operator import not_
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any
from weakref import CallableProxyType, ProxyType, ReferenceType

from stepsmith.sandbox import linux

FEW_BLOCKS = 100_000  # memory blocks; a list of so many objects is small
LIST_ENTRY_MB = 9 / (1 << 20)  # memory per entry of a list that grows
GENERATOR, COROUTINE = 0x20, 0x80 | 0x200  # flags of code objects
# A program can leave something to finalize only if it uses one of these names, or imports a module that is not loaded.
_TELLING = frozenset((
    "__del__", "open", "fdopen", "io", "os", "weakref", "type", "__class__", "exec", "eval", "compile", "importlib",
    "__import__", "import_module", "builtins", "__builtins__", "modules", "globals", "locals", "vars", "getattr",
    "setattr", "__dict__", "__subclasses__", "__bases__", "__mro__",
))  # fmt: skip


def may_leave(code: CodeType) -> bool:
    """Return whether a program may leave something to finalize, judged by the names in it before it runs."""
    waiting = [code]
    for part in waiting:
        if not (_TELLING.isdisjoint(part.co_names) and _TELLING.isdisjoint(part.co_varnames)):
            return True
        if part.co_flags & COROUTINE or (part.co_flags & GENERATOR and part.co_exceptiontable):
            return True
        for constant in part.co_consts:
            if type(constant) is CodeType:
                waiting.append(constant)
            elif type(constant) is str and constant in _TELLING:
                return True
    return False


# Types whose finalization has no visible effect. An object of another class counts as an object of its bases.
_PLAIN = (
    dict, list, tuple, set, frozenset, deque, FunctionType, CellType, MethodType, BuiltinFunctionType, ModuleType,
    _io.StringIO, _io.BytesIO, _io.BufferedReader, _io.FileIO, SourceFileLoader,
)  # fmt: skip


def has_left(memory_mb: int) -> bool:
    """Return whether a program has left something to finalize: a finalizer, a callback of a weak reference.

    All objects that the garbage collector tracks are checked, if there is memory for a list of them. An object that it
    does not track can only have a finalizer in its class, and classes are tracked.
    """
    blocks = sys.getallocatedblocks()  # there are at most so many objects
    if blocks > FEW_BLOCKS and linux.peak_mb() + blocks * LIST_ENTRY_MB > memory_mb:
        return True
    objects = gc.get_objects()
    if all(map(isinstance, objects, repeat(_PLAIN))):
        return False
    classes = [*compress(objects, map(isinstance, objects, repeat(type)))]
    if any(map(_has_finalizer, classes)):
        return True
    is_plain = map(isinstance, objects, repeat((*_PLAIN, type, *classes)))
    return any(map(_shows, compress(objects, map(not_, is_plain))))


def _shows(thing: Any) -> bool:
    """Return whether finalizing an object can have a visible effect."""
    kind = type(thing)
    if kind is GeneratorType:
        return bool(thing.gi_code.co_exceptiontable and thing.gi_frame)
    if kind is _io.TextIOWrapper:
        return type(thing.buffer) is not _io.BufferedReader
    if issubclass(kind, ReferenceType):
        callback = thing.__callback__
        is_of_abc = type(callback) is BuiltinFunctionType and callback.__name__ == "_destroy"  # the class's own
        return callback is not None and not is_of_abc
    return kind in (ProxyType, CallableProxyType) or _has_finalizer(kind)  # the callback of a proxy cannot be read


def _has_finalizer(kind: type) -> bool:
    return any("__del__" in base.__dict__ for base in kind.__mro__)
