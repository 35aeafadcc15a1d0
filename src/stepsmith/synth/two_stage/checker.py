"""A teacher's checker: its function `check`, as a checker program that every part of Stepsmith and Kattis can run."""

import ast

from stepsmith.core.records import Checker, Interface

CHECK = "check"
RULES = "rules.py"  # the file that holds the teacher's code

_FUNCTION_VALUES = """
def read(text):
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        sys.exit(43)  # it returned something that is no plain value
"""
_PROGRAM_TEXTS = """
def read(text):
    return text
"""
_PROGRAM = '''"""A Kattis output validator: accepts (42) or rejects (43) an output, as `{check}` of {rules} says."""

import ast
import sys

from {module} import {check}

{read}

def content(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


given, answer = read(content(sys.argv[1])), read(content(sys.argv[2]))
output = read(sys.stdin.buffer.read().decode("utf-8", "replace"))
decision = {check}(given, output, answer)
if not isinstance(decision, bool):
    sys.exit(f"{check} returned {{decision!r}}, not True or False")
sys.exit(42 if decision else 43)
'''


def written_checker(code: str, interface: Interface) -> Checker:
    """Return the checker program around a teacher's ``code``, which defines ``check(given, output, answer)``.

    For programs, ``check`` gets texts; for functions it gets values, and ``given`` is the tuple of arguments.
    """
    read = _FUNCTION_VALUES if interface == "function" else _PROGRAM_TEXTS
    program = _PROGRAM.format(check=CHECK, rules=RULES, module=RULES.removesuffix(".py"), read=read.strip("\n"))
    return Checker(name="custom-kattis", files=(("checker.py", program), (RULES, code)))


def unusable_checker(code: str) -> str:
    """Say why ``code`` cannot be a checker, or ""."""
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the checker does not parse: {error}"
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    if CHECK not in functions:
        return f"the checker does not define {CHECK}"
    if len(functions[CHECK].args.args) != 3:
        return f"{CHECK} needs three parameters: what was given, the output, and the answer of a right solution"
    return ""
