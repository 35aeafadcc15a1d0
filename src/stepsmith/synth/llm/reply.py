"""A teacher's reply in Deep Dive's format (arXiv 2603.24202): a python block, input blocks, a message block.

Read tolerantly (prose around, XML instead of fences, a whole call instead of its arguments), but nothing is guessed.
"""

import ast
import re

from stepsmith.core.answers import strip_reasoning
from stepsmith.core.records import Environment, Record
from stepsmith.envs.fuzzing import FORM, PROGRAM, PROPERTY
from stepsmith.envs.literals import read_call, signature_from, signature_of
from stepsmith.llm.parsing import ParseFailure, parse_code, parse_section, sections

INPUTS = 5  # Deep Dive
LONGEST_CODE, LONGEST_INPUT, LONGEST_MESSAGE = 20_000, 20_000, 4_000  # characters; ours

_LABELLED = re.compile(r"^[#*_\s]*message[*_\s]*:[*_]*\s*(\S.*)\Z", re.IGNORECASE | re.MULTILINE | re.DOTALL)

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
    message: str  # "" only where no student will see it
    form: str = ""  # induction: a program that defines `pre_test_f`, where the teacher wrote one

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters of ``f``."""
        return list(signature_of(self.code, PROGRAM).parameters)


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
    f, signature = functions[PROGRAM], signature_from(functions[PROGRAM])
    arity = len(signature.parameters)
    unlike = [name for name in FUNCTIONS[environment] if len(signature_from(functions[name]).parameters) != arity]
    if unlike:
        return failure("wrong-arity", f"{unlike[0]} has not as many parameters as {PROGRAM}")
    if f.args.vararg or f.args.kwarg or f.args.kwonlyargs or not arity:
        return failure("wrong-signature", f"{PROGRAM} needs one or more plain parameters, without * and **")
    blocks = sections(text, "input")
    if len(blocks) < INPUTS:
        return failure("too-few-inputs", f"there are {len(blocks)} complete input blocks, and {INPUTS} are needed")
    inputs: list[str] = []
    for number, block in enumerate(blocks[:INPUTS], 1):
        if len(block) > LONGEST_INPUT:
            return failure(
                "wrong-input", f"input block {number} has {len(block)} characters, more than {LONGEST_INPUT}"
            )
        try:
            inputs.append(read_call(block, signature))
        except ValueError as error:
            return failure("wrong-input", f"input block {number}: {error}")
    if len(set(inputs)) < INPUTS:
        return failure("repeated-input", f"the {INPUTS} inputs are not different from each other")
    message = _message(text)
    if isinstance(message, ParseFailure):
        if environment == "induction":
            return message
        message = ""  # the other environments show the program instead
    if len(message) > LONGEST_MESSAGE:
        return failure("message-too-long", f"the message has {len(message)} characters, more than {LONGEST_MESSAGE}")
    code = code.strip("\n") + "\n"
    form = ""
    if environment != "fuzzing" and FORM in functions:
        code, form = split_functions(code, FORM)[0], code
    return TeacherReply(code=code, inputs=tuple(inputs), message=message, form=form)


def split_functions(code: str, *names: str) -> list[str]:
    """Split functions of the top level off a program: return what is left, then each of ``names`` as source text."""
    lines = code.splitlines()
    left = list(lines)
    taken: dict[str, str] = {}
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            taken[node.name] = "\n".join(lines[first : node.end_lineno]) + "\n"
            left[first : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - first)
    rest = re.sub(r"\n{4,}", "\n\n\n", "\n".join(left)).strip() + "\n"
    return [rest, *(taken[name] for name in names)]


def _message(text: str) -> str | ParseFailure:
    """The message block, or what follows the label "Message:" at the end of the reply."""
    message = parse_section(text, "message")
    labelled = _LABELLED.search(strip_reasoning(text))
    if isinstance(message, ParseFailure) and labelled and "```" not in labelled[1]:
        return labelled[1].strip()
    return message


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions at the top level; the last one of a name counts, as in Python."""
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
