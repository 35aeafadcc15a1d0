"""Running the grammar's own programs inside the test process: they are ours, and the inputs are small."""

import ast
import contextlib
import io
import sys
from collections.abc import Iterator

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import Case, Composition
from stepsmith.synth.grammar.formats import arguments, format_case


@contextlib.contextmanager
def standard_streams(text: str) -> Iterator[io.StringIO]:
    """Feed ``text`` to stdin and collect stdout."""
    before = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(text), io.StringIO()
    try:
        yield sys.stdout
    finally:
        sys.stdin, sys.stdout = before


def output_of(code: str, composition: Composition, interface: Interface, case: Case, name: str) -> str:
    """What a program prints, or the literal that its function returns."""
    if interface == "function":
        scope: dict[str, object] = {}
        exec(compile(code, "program", "exec"), scope)
        return repr(scope[name](*arguments(composition, case)))
    with standard_streams(format_case(composition, "stdio", case)) as out:
        exec(compile(code, "program", "exec"), {"input": lambda: sys.stdin.readline().removesuffix("\n")})
    return out.getvalue()


def accepts(validator: str, composition: Composition, interface: Interface, text: str) -> bool:
    """Run a validator program on the text of an input."""
    if interface == "function":
        scope: dict[str, object] = {}
        exec(compile(validator, "validator", "exec"), scope)
        values = ast.literal_eval(text)
        answer = isinstance(values, tuple) and scope["validate"](*values)
        assert type(answer) is bool
        return answer
    with standard_streams(text):
        try:
            exec(compile(validator, "validator", "exec"), {})
        except SystemExit as exit_:
            return exit_.code == 0
    raise AssertionError("the validator did not exit")
