# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox, before ``harness.py``: tell early that a loop of the sample never ends.

A ``while`` loop that comes back to its head with the same variables does the same again, for ever, if nothing else can
change what it does. Then its time limit is raised at once and not after three seconds. This is looked for only in
programs that have used much time, and only where it is sure:

- What the loop can reach (its body, and the functions that it names) uses plain values and builtins whose results
  depend on their arguments alone.
- Nothing around the loop could catch the time limit, and nothing of the program runs beside it: no classes, no threads.
- Variables that only collect results (``found.append(x)``, ``text = text + "0"``) may differ, because nothing in the
  loop depends on them. If such a statement fails instead, the sample fails as well.
"""

import sys

SUSPECT_S = 0.1  # CPU seconds after which a program is looked at
LOOK_S = 0.1  # CPU seconds for which it is looked at; they do not count for the program
PURE_MODULES = frozenset(
    ("math", "typing", "collections", "string", "re", "functools", "itertools", "heapq", "bisect", "operator")
)
HARMLESS_MODULES = PURE_MODULES | {"random", "copy", "time", "datetime", "json", "decimal", "fractions", "statistics"}
PURE_BUILTINS = frozenset(
    (
        "None", "True", "False", "abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "complex", "dict",
        "divmod", "enumerate", "filter", "float", "format", "int", "isinstance", "len", "list", "map", "max", "min",
        "oct", "ord", "pow", "print", "range", "repr", "reversed", "round", "slice", "sorted", "str", "sum", "tuple",
        "type", "zip", "Exception", "ValueError", "TypeError", "AssertionError",
    )
)  # fmt: skip
HARMLESS_BUILTINS = PURE_BUILTINS | {"set", "frozenset", "iter", "next", "hash", "callable", "IndexError", "KeyError"}
COLLECTING = frozenset(("append", "extend", "insert", "add", "update"))  # methods that change a collection
READING = frozenset(("copy", "count", "format", "get", "items", "join", "keys", "lower", "strip", "upper", "values"))
PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, type(None))
SETS = (b"\x8f", b"\x91")  # opcodes of pickle: the order of a set depends on more than its elements
GENERATORS = 0x2A0  # flags of code objects that may be left in the middle
MOST_FRAMES = 20


class LoopWatch:
    """Follows the ``while`` loops that a program is in; calls ``ring`` with the reason when one of them never ends."""

    def __init__(self, program: str, frame: object, ring: object, clock: object) -> None:
        self._ring, self._clock = ring, clock
        self._began = clock()
        self.looked = 0.0  # CPU seconds
        self._visits: dict = {}  # how often, and with which state, a loop's head was visited, by frame and line
        self.frames: list = []
        frames = frames_of(frame) if len(sys._current_frames()) == 1 else []
        loops = certain_loops(program, [one.f_lineno for one in frames]) if frames else []
        for one in frames if loops else ():
            if not one.f_code.co_flags & GENERATORS and len(self.frames) < MOST_FRAMES:
                self.frames.append(one)
                one.f_trace = self._tracer(loops)
        if self.frames:
            sys.settrace(lambda *_: None)

    def _tracer(self, loops: list) -> object:
        def trace(frame: object, event: str, _: object) -> object:
            if self._clock() - self._began > LOOK_S:
                self.end()
                return None
            if event == "line":
                for loop in loops:
                    if not loop.head <= frame.f_lineno <= loop.end:
                        self._visits.pop((id(frame), loop.head), None)
                    elif frame.f_lineno == loop.head and (why := self._endless(frame, loop)):
                        self.end()
                        self._ring(why)
            return trace

        return trace

    def _endless(self, frame: object, loop: object) -> str:
        """Return why a loop that is at its head never ends; "" where that is not certain.

        Its state is compared with that of the last visit whose number was a power of two (Brent).
        """
        state = state_of(frame, loop)
        count, saved = self._visits.get((id(frame), loop.head), (0, None))
        if state is not None and state == saved:
            return "a loop is in the same state as before, so it never ends"
        count += 1
        if count & (count - 1) == 0:
            if LoopProof(loop, frame).holds():
                return "a loop counts on for ever: no value of its variables can end it"
            saved = state
        self._visits[id(frame), loop.head] = count, saved
        return ""

    def end(self) -> None:
        """Stop following."""
        if self.frames:
            sys.settrace(None)
            self.looked = self._clock() - self._began
        for frame in self.frames:
            frame.f_trace = None
        self.frames = []


def frames_of(frame: object) -> list:
    """Return the frames of the program, the innermost first; [] unless they are all that runs above the harness."""
    frames = []
    while frame is not None and frame.f_code.co_filename == "<string>":
        frames.append(frame)
        frame = frame.f_back
    return frames if frame is not None and frame.f_globals is globals() else []


class KnownLoop:
    """A ``while`` loop: its lines, the names that it can reach, and those of them that only collect results."""

    def __init__(self, node: object, names: set, functions: set, modules: set) -> None:
        self.node, self.head, self.end = node, node.lineno, node.end_lineno
        self.names, self.functions, self.modules = names, functions, modules
        self.collecting = collecting(node)


def certain_loops(program: str, lines: list) -> list:
    """Return the ``while`` loops of which all is known; ``lines`` are those at which the frames of the program are."""
    import ast

    tree = ast.parse(program)
    nodes = list(ast.walk(tree))
    known, used, functions, pure = set(HARMLESS_BUILTINS), set(), {}, set()
    for node in nodes:
        if isinstance(node, ast.ClassDef | ast.Global | ast.Nonlocal | ast.Await | ast.AsyncFor | ast.AsyncWith):
            return []
        if isinstance(node, ast.Attribute) and not readable(node):
            return []
        if catches(node) and any(node.lineno <= line <= node.end_lineno for line in lines):
            return []
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if not HARMLESS_MODULES.issuperset(modules):
                return []
            names = {alias.asname or alias.name for alias in node.names}
            pure.update(names if PURE_MODULES.issuperset(modules) else ())
            known.update(names)
        elif isinstance(node, ast.FunctionDef):
            functions.setdefault(node.name, []).append(node)
            known.add(node.name)
        elif isinstance(node, ast.ExceptHandler):
            known.add(node.name)
        elif isinstance(node, ast.arg):
            known.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else known).add(node.id)
    bound = {one.id for one in nodes if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    bound |= {one.arg for one in nodes if isinstance(one, ast.arg)} | functions.keys()
    impure = {name for one in nodes if isinstance(one, ast.Import | ast.ImportFrom) for name in imported(one)} - pure
    kinds = {type(node).__name__ for node in nodes}
    if not used <= known or ("Yield" in kinds and any(map(catches, nodes))):  # a generator may clean up at any time
        return []
    loops = []
    for node in nodes:
        if isinstance(node, ast.While) and simple(node):
            names, reached = reachable(node, functions)
            if reached is not None and not names & impure and names <= PURE_BUILTINS | pure | bound:
                starts = {one.lineno for one in reached} | {d.lineno for one in reached for d in one.decorator_list}
                loops.append(KnownLoop(node, names, starts, pure - bound - impure))
    return loops


def imported(node: object) -> list:
    """Return the names that an import binds."""
    return [alias.asname or alias.name for alias in node.names]


def catches(node: object) -> bool:
    """Return whether a statement could catch the exception of the time limit."""
    return type(node).__name__ in ("Try", "TryStar", "With")


def reachable(loop: object, functions: dict) -> tuple:
    """Return the names that a loop can use, and the functions; None for these if it could do what we do not see."""
    import ast

    names, reached, left = set(), [], [loop]
    while left:
        for node in ast.walk(left.pop()):
            if catches(node) or type(node).__name__ in ("Match", "Yield", "YieldFrom"):
                return names, None
            if isinstance(node, ast.Compare) and not compares_values(node):
                return names, None
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in names:
                names.add(node.id)
                reached += functions.get(node.id, ())
                left += functions.get(node.id, ())
    return names, reached


def compares_values(node: object) -> bool:
    """Return whether a comparison does not ask which of two equal values it has; ``is None`` does not."""
    import ast

    return all(
        not isinstance(kind, ast.Is | ast.IsNot)
        or (isinstance(other, ast.Constant) and (other.value is None or isinstance(other.value, bool)))
        for kind, other in zip(node.ops, node.comparators, strict=True)
    )


def readable(node: object) -> bool:
    """Return whether an attribute is only read and is none of Python's own."""
    return type(node.ctx).__name__ == "Load" and not node.attr.startswith("_")


def simple(loop: object) -> bool:
    """Return whether the head of a loop is one line by itself, without a loop in it."""
    import ast

    inner = ast.ListComp | ast.SetComp | ast.DictComp | ast.NamedExpr
    one_line = loop.test.end_lineno == loop.lineno < loop.body[0].lineno
    return one_line and not any(isinstance(node, inner) for node in ast.walk(loop.test))


def collecting(loop: object) -> set:
    """Return the variables of a loop that nothing in it depends on: they are only changed, and returned after it.

    Those are the targets of plain statements that do nothing else; a name that is used anywhere else is none of them.
    """
    import ast

    if any(isinstance(node, ast.FunctionDef) for node in ast.walk(loop)):
        return set()
    statements, returns = [], set()  # see ``collected``; the nodes of what is returned
    for node in ast.walk(loop):
        found = collected(node)
        if found is not None:
            statements.append(found)
        elif isinstance(node, ast.Return):
            returns.update(map(id, ast.walk(node)))
    names = {target for target, _, _ in statements}
    changed = {target for target, in_place, _ in statements if in_place}
    while True:
        inside = {id(node) for target, _, nodes in statements if target in names for node in nodes}
        elsewhere = {
            node.id
            for node in ast.walk(loop)
            if isinstance(node, ast.Name) and id(node) not in inside and id(node) not in returns
        }
        aliases = {
            target for target, in_place, nodes in statements
            if not in_place and target in changed and not isinstance(nodes[1], ast.Constant | ast.BinOp | ast.JoinedStr)
        }  # fmt: skip
        left = names - elsewhere - aliases
        if left == names:
            return names
        names = left


def collected(node: object) -> tuple | None:
    """Return the variable that a statement changes, whether in place, and the nodes: the target, the value, and theirs.

    None for a statement that might do something else.
    """
    import ast

    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, values, in_place = node.targets[0], [node.value], False
    elif isinstance(node, ast.AugAssign):
        target, values, in_place = node.target, [node.value], True
    elif (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in COLLECTING
        and node.value.args
        and not node.value.keywords
    ):
        target, values, in_place = node.value.func.value, node.value.args, True
    else:
        return None
    if not isinstance(target, ast.Name) or not all(map(only_computes, values)):
        return None
    return target.id, in_place, [target, *values, *(one for value in values for one in ast.walk(value))]


def only_computes(value: object) -> bool:
    """Return whether an expression changes nothing: operators, and calls of builtins and of methods that only read."""
    import ast

    allowed = (
        ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Subscript, ast.Slice,
        ast.List, ast.Tuple, ast.JoinedStr, ast.FormattedValue, ast.Call, ast.Attribute, ast.operator, ast.unaryop,
        ast.cmpop, ast.boolop, ast.expr_context,
    )  # fmt: skip
    for node in ast.walk(value):
        if not isinstance(node, allowed):
            return False
        if isinstance(node, ast.Call):
            named = isinstance(node.func, ast.Name) and node.func.id in PURE_BUILTINS - {"map", "filter"}
            read = isinstance(node.func, ast.Attribute) and node.func.attr in READING
            if node.keywords or not (named or read):
                return False
    return True


def state_of(frame: object, loop: object) -> object:
    """Return all that a loop depends on, as bytes that keep which values are the same; None if it is not all known."""
    import io
    import pickle
    import types

    class PlainPickler(pickle.Pickler):
        def reducer_override(self, value: object) -> object:
            raise TypeError(type(value))  # not one of the types that pickle knows by itself

    held, free = [], []
    code, local, shared = frame.f_code, frame.f_locals, frame.f_globals
    for name, scope in [(name, scope) for name in sorted(loop.names) for scope in (local, shared) if name in scope]:
        value = scope[name]
        function = getattr(value, "__wrapped__", value)
        if scope is shared and name in loop.modules:
            continue
        if isinstance(function, types.FunctionType):
            if function.__closure__ or function.__dict__ or function.__code__.co_firstlineno not in loop.functions:
                return None
            held.append((name, function.__defaults__, function.__kwdefaults__))
        elif scope is local is not shared and name in loop.collecting and name in code.co_varnames:
            (held if name in code.co_cellvars else free).append(value)
        else:
            held.append((name, value))
    written = io.BytesIO()
    try:
        PlainPickler(written, 5).dump((frame.f_lasti, held))
    except (TypeError, pickle.PicklingError, RecursionError):
        return None
    data = written.getvalue()
    if any(code in data for code in SETS) or not all(type(value) in PLAIN for value in free):
        return None
    mutable = {id(value) for value in free if isinstance(value, list | dict | set)}
    return None if mutable and not mutable.isdisjoint(parts(held)) else data


def parts(value: object) -> set:
    """Return the identities of all lists, tuples and dictionaries in a value."""
    found, left = set(), [value]
    while left:
        one = left.pop()
        if isinstance(one, list | tuple | dict) and id(one) not in found:
            found.add(id(one))
            left += [*one, *one.values()] if isinstance(one, dict) else one
    return found
