"""Trivial programs that must not pass a test suite: constants, echoes, and one-liners over the input."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Contract, Record, Solution, TestCase


class Baseline(Record, frozen=True, kw_only=True):
    """A trivial program, and what it answers on each test (None: it fails there). The answers cost no execution."""

    label: str
    solution: Solution
    outputs: tuple[str | None, ...]


def baselines(contract: Contract, tests: Sequence[TestCase]) -> tuple[Baseline, ...]:
    """Return the trivial programs for these tests, in Python, whatever language the golden solution has.

    For both interfaces: the most frequent expected output, the empty answer, the input itself; over a function's
    arguments or a stdio input's tokens also the first and last one and length, sum, maximum, minimum, sorted and
    reversed order of the first list or string. ``outputs`` are computed here, from literals, not by running code.
    """
    if not tests:
        return ()
    most = Counter(test.output for test in tests).most_common(1)[0][0]
    if contract.interface == "stdio":
        return (
            _stdio("constant", f"print({most!r}, end='')", [most for _ in tests]),
            _stdio("silent", "pass", ["" for _ in tests]),
            _stdio("echo", "import sys\nprint(sys.stdin.read(), end='')", [test.input for test in tests]),
            *(_stdio_over_tokens(name, tests) for name in _OVER_TOKENS),
        )
    entry = contract.entry_point or "solve"
    return (
        _function(entry, "constant", most, [most for _ in tests]),
        _function(entry, "silent", "None", ["None" for _ in tests]),
        *(_function_over_arguments(entry, name, tests) for name in _OVER_ARGUMENTS),
    )


# Expressions over `args`, the tuple of arguments, each with a function that computes the same value here.
_OVER_ARGUMENTS: dict[str, tuple[str, Callable[[tuple[object, ...]], object]]] = {
    "echo": ("args[0] if len(args) == 1 else list(args)", lambda a: a[0] if len(a) == 1 else list(a)),
    "first argument": ("args[0]", lambda a: a[0]),
    "last argument": ("args[-1]", lambda a: a[-1]),
    "length": ("len(args[0])", lambda a: len(a[0])),  # type: ignore[arg-type]
    "sum": ("sum(args[0])", lambda a: sum(a[0])),  # type: ignore[call-overload]
    "maximum": ("max(args[0])", lambda a: max(a[0])),  # type: ignore[call-overload]
    "minimum": ("min(args[0])", lambda a: min(a[0])),  # type: ignore[call-overload]
    "sorted": ("sorted(args[0])", lambda a: sorted(a[0])),  # type: ignore[call-overload]
    "reversed": ("args[0][::-1]", lambda a: a[0][::-1]),  # type: ignore[index]
    "sum of arguments": ("sum(args)", lambda a: sum(a)),  # type: ignore[arg-type]
    "largest argument": ("max(args)", lambda a: max(a)),  # type: ignore[type-var]
}

# Expressions over `t`, the whitespace-separated tokens of the input, each with a function that computes the same here.
_OVER_TOKENS: dict[str, tuple[str, Callable[[list[str]], object]]] = {
    "first token": ("t[0]", lambda t: t[0]),
    "last token": ("t[-1]", lambda t: t[-1]),
    "token count": ("len(t)", lambda t: len(t)),
    "sum": ("sum(map(int, t))", lambda t: sum(map(int, t))),
    "sum after the first": ("sum(map(int, t[1:]))", lambda t: sum(map(int, t[1:]))),
    "maximum": ("max(map(int, t))", lambda t: max(map(int, t))),
    "maximum after the first": ("max(map(int, t[1:]))", lambda t: max(map(int, t[1:]))),
    "minimum after the first": ("min(map(int, t[1:]))", lambda t: min(map(int, t[1:]))),
    "length of the last": ("len(t[-1])", lambda t: len(t[-1])),
    "all but the first": ("' '.join(t[1:])", lambda t: " ".join(t[1:])),
}


def _stdio(label: str, code: str, outputs: Sequence[str | None]) -> Baseline:
    """Return a complete program."""
    return Baseline(label=label, solution=Solution(language="python", code=code + "\n"), outputs=tuple(outputs))


def _stdio_over_tokens(label: str, tests: Sequence[TestCase]) -> Baseline:
    """Return a program that prints one expression over the tokens."""
    expression, compute = _OVER_TOKENS[label]
    outputs = [_attempt(lambda text=test.input: f"{compute(text.split())}\n") for test in tests]  # type: ignore[misc]
    return _stdio(label, f"import sys\nt = sys.stdin.read().split()\nprint({expression})", outputs)


def _function(entry: str, label: str, expression: str, outputs: Sequence[str | None]) -> Baseline:
    """Return a program whose entry point returns one expression over its arguments."""
    owner, _, method = entry.rpartition(".")
    if owner:
        code = f"class {owner}:\n    def {method}(self, *args):\n        return {expression}\n"
    else:
        code = f"def {entry}(*args):\n    return {expression}\n"
    return Baseline(label=label, solution=Solution(language="python", code=code), outputs=tuple(outputs))


def _function_over_arguments(entry: str, label: str, tests: Sequence[TestCase]) -> Baseline:
    """Return a program that returns one of the known expressions over the arguments."""
    expression, compute = _OVER_ARGUMENTS[label]
    outputs = [_attempt(lambda text=test.input: literal_text(compute(arguments(text)))) for test in tests]  # type: ignore[misc]
    return _function(entry, label, expression, outputs)


@lru_cache(maxsize=64)  # every baseline reads the same few inputs; no baseline modifies them
def arguments(text: str) -> tuple[object, ...]:
    """Return a function's input as an argument tuple. Raises ``ValueError`` or ``SyntaxError`` if it is not one."""
    value = read_literal(text)
    return value if isinstance(value, tuple) else (value,)


def _attempt(compute: Callable[[], str]) -> str | None:
    """Return the result, or None if the program would crash."""
    try:
        return compute()
    except (ArithmeticError, IndexError, KeyError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError):
        return None
