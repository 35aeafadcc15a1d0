# mypy: ignore-errors
"""Runs inside the sandbox, before ``harness.py``: tell early that a loop of the sample never ends.

A ``while`` loop that comes back to its head with the same variables does the same again, for ever, if nothing else can
change what it does. Then its time limit is raised at once and not after three seconds. This is looked for only in
programs that have used much time, and only where it is sure: the program uses nothing but plain values and builtins
whose results depend on their arguments alone, has no classes, and has no ``try`` that could catch the time limit.
"""

import sys

SUSPECT_S = 0.2  # CPU seconds after which a program is looked at
LOOK_S = 0.2  # CPU seconds for which it is looked at; they do not count for the program
PURE_MODULES = frozenset(
    ("math", "typing", "collections", "string", "re", "functools", "itertools", "heapq", "bisect", "operator")
)
PURE_BUILTINS = frozenset(
    (
        "None", "True", "False", "abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "complex", "dict",
        "divmod", "enumerate", "filter", "float", "format", "int", "isinstance", "len", "list", "map", "max", "min",
        "oct", "ord", "pow", "print", "range", "repr", "reversed", "round", "slice", "sorted", "str", "sum", "tuple",
        "type", "zip", "Exception", "ValueError", "TypeError", "AssertionError",
    )
)  # fmt: skip
SETS = (b"\x8f", b"\x91")  # opcodes of pickle: the order of a set depends on more than its elements
GENERATORS = 0x2A0  # flags of code objects that may be left in the middle
MOST_FRAMES = 20


class LoopWatch:
    """Follows the ``while`` loops that a program is in; ``ring`` is called when one of them repeats itself."""

    def __init__(self, program: str, frame: object, ring: object, clock: object) -> None:
        self._ring, self._clock = ring, clock
        self._began = clock()
        self.looked = 0.0  # CPU seconds
        self._visits: dict = {}  # how often, and with which state, a loop's head was visited, by frame and line
        loops = certain_loops(program)
        self.frames: list = []
        while loops and frame is not None and len(self.frames) < MOST_FRAMES:
            code = frame.f_code
            if code.co_filename == "<string>" and not code.co_flags & GENERATORS:
                self.frames.append(frame)
                frame.f_trace = self._tracer(loops)
            frame = frame.f_back
        if self.frames:
            sys.settrace(lambda *_: None)

    def _tracer(self, loops: list) -> object:
        def trace(frame: object, event: str, _: object) -> object:
            if self._clock() - self._began > LOOK_S:
                self.end()
                return None
            if event == "line":
                for head, end in loops:
                    if not head <= frame.f_lineno <= end:
                        self._visits.pop((id(frame), head), None)
                    elif frame.f_lineno == head and self._repeats(frame, head):
                        self.end()
                        self._ring()
            return trace

        return trace

    def _repeats(self, frame: object, head: int) -> bool:
        """Return whether a loop is at its head in a state of before; compare with every power of two (Brent)."""
        state = state_of(frame)
        count, saved = self._visits.get((id(frame), head), (0, None))
        if state is None:
            return False
        if state == saved:
            return True
        count += 1
        self._visits[id(frame), head] = count, state if count & (count - 1) == 0 else saved
        return False

    def end(self) -> None:
        """Stop following."""
        if self.frames:
            sys.settrace(None)
            self.looked = self._clock() - self._began
        for frame in self.frames:
            frame.f_trace = None
        self.frames = []


def certain_loops(program: str) -> list:
    """Return the first and the last line of each ``while`` loop; [] if the program could do what we do not see."""
    import ast

    tree = ast.parse(program)
    nodes = list(ast.walk(tree))
    known, used = set(PURE_BUILTINS), set()
    for node in nodes:
        if isinstance(node, ast.Try | ast.ClassDef | ast.With | ast.Global | ast.Nonlocal | ast.Await):
            return []
        if type(node).__name__ == "TryStar" or (isinstance(node, ast.Attribute) and not readable(node)):
            return []
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if not PURE_MODULES.issuperset(names):
                return []
            known.update((alias.asname or alias.name) for alias in node.names)
        elif isinstance(node, ast.FunctionDef):
            known.add(node.name)
        elif isinstance(node, ast.arg):
            known.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else known).add(node.id)
    if not used <= known:
        return []
    return [(node.lineno, node.end_lineno) for node in nodes if isinstance(node, ast.While) and simple(node)]


def readable(node: object) -> bool:
    """Return whether an attribute is only read and is none of Python's own."""
    return type(node.ctx).__name__ == "Load" and not node.attr.startswith("_")


def simple(loop: object) -> bool:
    """Return whether the head of a loop is one line by itself, without a loop in it."""
    import ast

    inner = ast.ListComp | ast.SetComp | ast.DictComp | ast.NamedExpr
    one_line = loop.test.end_lineno == loop.lineno < loop.body[0].lineno
    return one_line and not any(isinstance(node, inner) for node in ast.walk(loop.test))


def state_of(frame: object) -> object:
    """Return all that a loop of a program depends on, as bytes that keep which values are the same; None if unknown."""
    import io
    import pickle
    import types

    class PlainPickler(pickle.Pickler):
        def reducer_override(self, value: object) -> object:
            raise TypeError(type(value))  # not one of the types that pickle knows by itself

    held, fixed = [], types.ModuleType | types.BuiltinFunctionType | type
    for name, value in frame.f_globals.items():
        function = getattr(value, "__wrapped__", value)
        if isinstance(function, types.FunctionType):
            if function.__closure__ or function.__dict__:
                return None
            held.append((name, function.__defaults__, function.__kwdefaults__))
        elif name != "__builtins__" and not isinstance(value, fixed) and type(value).__module__ != "typing":
            held.append((name, value))
    written = io.BytesIO()
    values = {} if frame.f_locals is frame.f_globals else frame.f_locals
    try:
        PlainPickler(written, 5).dump((frame.f_lasti, held, sorted(values.items(), key=lambda item: item[0])))
    except (TypeError, pickle.PicklingError, RecursionError):
        return None
    data = written.getvalue()
    return None if any(code in data for code in SETS) else data
