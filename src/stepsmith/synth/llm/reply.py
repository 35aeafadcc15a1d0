"""A teacher's reply in Deep Dive's format (arXiv 2603.24202): a python block, input blocks, a message block.

Read tolerantly (prose around, XML instead of fences, a whole call instead of its arguments), but nothing is guessed.
"""

import ast

from stepsmith.core.records import Environment, Record
from stepsmith.envs.fuzzing import FORM, PROGRAM, PROPERTY
from stepsmith.llm.parsing import ParseFailure, parse_code, parse_section, sections

INPUTS = 5  # Deep Dive
LONGEST_CODE, LONGEST_INPUT, LONGEST_MESSAGE = 20_000, 20_000, 4_000  # characters; ours

FUNCTIONS: dict[Environment, tuple[str, ...]] = {
    "induction": (PROGRAM,),
    "abduction": (PROGRAM,),
    "deduction": (PROGRAM,),
    "fuzzing": (PROGRAM, FORM, PROPERTY),
}


class TeacherReply(Record, frozen=True, kw_only=True):
    """What a teacher wrote. ``inputs`` are argument tuples in canonical text, distinct."""

    code: str
    inputs: tuple[str, ...]
    message: str

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters of ``f``."""
        return [argument.arg for argument in _arguments(_functions(ast.parse(self.code))[PROGRAM])]


def parse_reply(text: str, environment: Environment) -> TeacherReply | ParseFailure:
    """Read a reply, or say in words for its author what is wrong with it."""

    def failure(reason: str, detail: str) -> ParseFailure:
        return ParseFailure(reason=reason, detail=detail, raw=text)

    code = parse_code(text, "python", "py", "python3")
    if isinstance(code, ParseFailure):
        return code
    if len(code) > LONGEST_CODE:
        return failure("code-too-long", f"the program has {len(code)} characters, more than {LONGEST_CODE}")
    try:
        functions = _functions(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return failure("syntax-error", f"the python block does not parse: {error}")
    missing = [name for name in FUNCTIONS[environment] if name not in functions]
    if missing:
        return failure("no-function", f"the python block does not define {' and '.join(missing)} at its top level")
    f = functions[PROGRAM]
    unlike = [name for name in FUNCTIONS[environment] if len(_arguments(functions[name])) != len(_arguments(f))]
    if unlike:
        return failure("wrong-arity", f"{unlike[0]} has not as many parameters as {PROGRAM}")
    if f.args.vararg or f.args.kwarg or f.args.kwonlyargs or not _arguments(f):
        return failure("wrong-signature", f"{PROGRAM} needs one or more plain parameters, without * and **")
    blocks = sections(text, "input")
    if len(blocks) < INPUTS:
        return failure("too-few-inputs", f"there are {len(blocks)} complete input blocks, and {INPUTS} are needed")
    inputs: list[str] = []
    for number, block in enumerate(blocks[:INPUTS], 1):
        try:
            inputs.append(read_arguments(block, f))
        except ValueError as error:
            return failure("wrong-input", f"input block {number}: {error}")
    if len(set(inputs)) < INPUTS:
        return failure("repeated-input", f"the {INPUTS} inputs are not different from each other")
    message = parse_section(text, "message")
    if isinstance(message, ParseFailure):
        return message
    if len(message) > LONGEST_MESSAGE:
        return failure("message-too-long", f"the message has {len(message)} characters, more than {LONGEST_MESSAGE}")
    return TeacherReply(code=code.strip("\n") + "\n", inputs=tuple(inputs), message=message)


def read_arguments(text: str, function: ast.FunctionDef) -> str:
    """Return the arguments of one call as a canonical tuple: ``"[1,2], k=3"`` → ``"([1, 2], 3)"``.

    Also reads a whole call, ``f([1, 2], 3)``. Raises ``ValueError``, in words, for what is not a list of literals or
    does not fit the parameters of ``function``.
    """
    if len(text) > LONGEST_INPUT:
        raise ValueError(f"it has {len(text)} characters, more than {LONGEST_INPUT}")
    call = _call(text, function.name)
    names = [argument.arg for argument in _arguments(function)]
    if len(call.args) > len(names):
        raise ValueError(f"it has {len(call.args)} arguments, and {function.name} has {len(names)} parameters")
    try:
        given = dict(zip(names, [ast.literal_eval(argument) for argument in call.args], strict=False))
        for keyword in call.keywords:
            if keyword.arg not in names or keyword.arg in given:
                raise ValueError(f"{keyword.arg} is not a parameter, or given twice")
            given[keyword.arg] = ast.literal_eval(keyword.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"its arguments are not Python literals ({_first_line(error)})") from None
    required = names[: len(names) - len(function.args.defaults)]
    if absent := [name for name in required if name not in given]:
        raise ValueError(f"no value for the parameter {absent[0]}")
    values = [given[name] for name in names if name in given]
    if names[: len(values)] != [name for name in names if name in given]:
        raise ValueError("it leaves out a parameter before others that it gives")
    canonical = repr(tuple(values))
    try:
        ast.literal_eval(canonical)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError("its arguments have no spelling as Python literals (inf, nan or the like)") from None
    return canonical


def call_text(arguments: str) -> str:
    """Return an argument tuple as a call: ``"([1, 2],)"`` → ``"f([1, 2])"``."""
    return f"{PROGRAM}({', '.join(repr(value) for value in ast.literal_eval(arguments))})"


def _call(text: str, name: str) -> ast.Call:
    for source in (text.strip(), f"{name}({text.strip()}\n)"):
        try:
            tree = ast.parse(source, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == name:
            return tree
    raise ValueError("it is not a list of Python literals, separated by commas")


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions at the top level; the last one of a name counts, as in Python."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args]


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0][:120]
