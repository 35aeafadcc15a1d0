"""Does it show whether an interpreter finalizes its objects at its end, or just stops?

Finalizing for real costs several times what a small program does, and with most programs nobody can tell: none of their
objects has a finalizer, and none is a stream that has yet to be flushed. Both questions here are answered on the safe
side: what is not known to leave nothing is finalized.
"""

import _io
import gc
import sys
from collections import deque
from collections.abc import Iterator
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

FEW_BLOCKS = 100_000  # of memory; a list of so many objects is small
LIST_ENTRY_MB = 9 / (1 << 20)  # of a list that grows
GENERATOR, COROUTINE = 0x20, 0x80 | 0x200  # flags of code
# A program that leaves something to finalize names one of these, or imports a module that was not there before.
_TELLING = frozenset((
    "__del__", "open", "fdopen", "io", "os", "weakref", "type", "__class__", "exec", "eval", "compile", "importlib",
    "__import__", "import_module", "builtins", "__builtins__", "modules", "globals", "locals", "vars", "getattr",
    "setattr", "__dict__", "__subclasses__", "__bases__", "__mro__",
))  # fmt: skip


def may_leave(code: CodeType) -> bool:
    """Say whether a program may leave something to finalize, by the names in it; asked once, before it runs."""
    for part in _parts(code):
        names = {*part.co_names, *part.co_varnames, *(text for text in part.co_consts if isinstance(text, str))}
        if names & _TELLING or part.co_flags & COROUTINE or (part.co_flags & GENERATOR and part.co_exceptiontable):
            return True
    return False


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all that are nested in it."""
    waiting = [code]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += [constant for constant in part.co_consts if isinstance(constant, CodeType)]


# What cannot be seen when it is finalized. Objects of a class count as what its bases are.
_PLAIN = (
    dict, list, tuple, set, frozenset, deque, FunctionType, CellType, MethodType, BuiltinFunctionType, ModuleType,
    _io.StringIO, _io.BytesIO, _io.BufferedReader, _io.FileIO, SourceFileLoader,
)  # fmt: skip


def has_left(memory_mb: int) -> bool:
    """Say whether a program has left something to finalize: a finalizer, a callback of a weak reference.

    All objects that the collector tracks are looked at, if there is memory for a list of them. One that it does not
    track can have a finalizer of its class alone, and classes are tracked.
    """
    blocks = sys.getallocatedblocks()  # at least as many as objects
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
    """Say whether finalizing an object can be seen."""
    kind = type(thing)
    if kind is GeneratorType:
        return bool(thing.gi_code.co_exceptiontable and thing.gi_frame)
    if kind is _io.TextIOWrapper:
        return type(thing.buffer) is not _io.BufferedReader
    if issubclass(kind, ReferenceType):
        callback = thing.__callback__
        is_of_abc = type(callback) is BuiltinFunctionType and callback.__name__ == "_destroy"  # of a cache of its own
        return callback is not None and not is_of_abc
    return kind in (ProxyType, CallableProxyType) or _has_finalizer(kind)  # a proxy does not tell its callback


def _has_finalizer(kind: type) -> bool:
    return any("__del__" in base.__dict__ for base in kind.__mro__)
