"""Read answers from completions: programs, values and arguments, in the notations that people and models use.

Many notations are accepted, but a value of another type, a call of another function, or an expression that has to be
computed is not an answer. If a completion answers more than once, the last answer counts.
This module uses only the standard library, because the reward file for verl contains it (``train.verl.standalone``).
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence

from stepsmith.core.answers import CodeBlock, code_blocks, strip_reasoning
from stepsmith.core.integers import long_integers
from stepsmith.envs.literals import (
    JSON_NAMES,
    MAX_TEXT,
    Signature,
    canonical,
    fitted,
    keywords_of,
    node_value,
    positional_of,
    read_call,
)

_LABEL = (
    r"(?:^|(?<=[.!;])\s)[\s>*_#-]*(?:so,? |hence,? |therefore,? )?"
    r"(?:the |my |a )?(?:final |correct |resulting |possible )?(?:{words})"
)
_LABEL_END = r"\s*[*_]*\s*(?:is|are|=|:|->|→)+[ \t]*[*_]*[ \t]*:?[ \t]*(.*)$"
_ANSWER_WORDS = "answer"
_VALUE_WORDS = "answer|output|result|value|returned value|return value|it returns|f returns"
_INPUT_WORDS = "answer|inputs?|arguments?|args|call|counter-?example"
_INLINE_CODE = re.compile(r"(`+)[ ]?(.+?)[ ]?\1(?!`)")
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_LATEX = ((re.compile(r"\\(?:text|texttt|mathtt|mathrm)\{([^{}]*)\}"), r"\1"), (re.compile(r"\\([{}_#$%& ])"), r"\1"))
_FENCE_LINE = re.compile(r"^\s*(?:`{3,}|~{3,})")
_PROMPT = re.compile(r"^\s*(?:>>>|In \[\d+\]:)\s?(.*)$")
_CONTINUED = re.compile(r"^\s*\.\.\.\s?(.*)$")
_OUT = re.compile(r"^\s*Out\[\d+\]:\s?")
_ARROW = r"^(?:{name}\(.*\))?\s*(?:#\s*)?(?:->|=>|→|⇒|=|returns)\s+"
_RESULT = re.compile(r"(?<=\))\s*(?:#\s*)?(?:->|=>|→|⇒|=|returns)\s+\S.*$", re.DOTALL)
_WRAPPING_KEYS = frozenset({"answer", "output", "result", "value", "return", "returns"})
_TYPOGRAPHIC = (("“", "”", '"'), ("‘", "’", "'"))
_READS_INPUT = re.compile(r"\binput\s*\(|\bstdin\b|\bopen\s*\(\s*0\b|/dev/stdin|\bfileinput\b")
_PYTHON_TAGS = ("", "python", "python3", "py")


def program_in(completion: str, entry_point: str | None) -> str | None:
    """Return the program in a completion; None if there is no complete code block.

    It is the last block that defines ``entry_point``, as a function at its top level or as a method of its class; for a
    whole program (None), the last Python block that reads standard input. So a later block that shows usage or expected
    output is skipped. If there is no such block, the last block is taken.
    """
    blocks = code_blocks(strip_reasoning(completion))
    if not blocks:
        return None
    defining = [block for block in blocks if _defines(block, entry_point)]
    return (defining or blocks)[-1].code


@long_integers()
def value_in(completion: str, name: str, kind: str) -> str | None:
    """Return the value in a completion as canonical text; None if there is none.

    ``name`` is the function that returned it, as in ``>>> f(1)`` or ``f(1) == 2``. ``kind`` is the name of the value's
    type; if it is "str", a text that is not a literal is taken as the string itself.
    """
    return _last_readable(completion, lambda text, marked: _value(text, name, kind, marked), _VALUE_WORDS)


@long_integers()
def arguments_in(completion: str, signature: Signature) -> str | None:
    """Return the arguments in a completion as a canonical tuple; None if there are none.

    They may be values separated by commas or on separate lines, a tuple, a call, keywords, assignments, JSON, or lines
    at a prompt. Values that do not fit the parameters are a (wrong) answer, and are returned unchanged.
    """
    fitting = _last_readable(completion, lambda text, marked: _arguments(text, signature, marked), _INPUT_WORDS)
    return fitting or _last_readable(completion, lambda text, _: _misfit(text, signature), _INPUT_WORDS)


def _defines(block: CodeBlock, entry_point: str | None) -> bool:
    if entry_point is None:
        return block.language in _PYTHON_TAGS and _READS_INPUT.search(block.code) is not None
    owner, _, name = entry_point.rpartition(".")
    # The judge also accepts a method of a class `Solution` as the function of that name.
    method = rf"class {owner or 'Solution'}\b[^\n]*\n(?s:.*?)^\s+(?:async )?def {name}\b"
    function = rf"(?:async )?def {name}\b|{name}\s*(?::[^=\n]+)?=(?!=)"
    return re.search(rf"^(?:{method if owner else f'{method}|{function}'})", block.code, re.MULTILINE) is not None


def _last_readable(completion: str, read: Callable[[str, bool], str | None], words: str) -> str | None:
    """Return the result of ``read`` for the first of these places that it can read (the last one of each kind first).

    Text with the label "answer" after the blocks; the code blocks; text with other labels; the last line. The second
    argument of ``read`` says whether the text may be a string without quotes.
    """
    answer = strip_reasoning(completion)
    for text, marked in _places(answer, words):
        if 0 < len(text) <= MAX_TEXT and (found := read(text, marked)) is not None:
            return found
    return None


def _places(answer: str, words: str) -> Iterator[tuple[str, bool]]:
    lines = answer.splitlines()
    fences = [number for number, line in enumerate(lines) if _FENCE_LINE.match(line)]
    yield from _labelled(lines[fences[-1] + 1 if fences else 0 :], _ANSWER_WORDS)
    yield from ((block.code.strip(), True) for block in reversed(code_blocks(answer)))
    if not fences:
        yield from _labelled(lines, words)
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        whole = _INLINE_CODE.fullmatch(last)
        yield from ((text, whole is not None) for text, _ in _spellings(last))


def _labelled(lines: Sequence[str], words: str) -> Iterator[tuple[str, bool]]:
    """Yield the text after a label ("Answer: ..."), on its line or the next, or in a LaTeX box; the last one first."""
    label = re.compile(_LABEL.format(words=words) + _LABEL_END, re.IGNORECASE)
    for number in range(len(lines) - 1, -1, -1):
        for boxed in reversed(_BOXED.findall(lines[number])):
            for pattern, replacement in _LATEX:
                boxed = pattern.sub(replacement, boxed)
            yield boxed.strip(), True
        if found := label.search(lines[number]):
            following = (line for line in lines[number + 1 :] if line.strip())
            yield from _spellings(found[1].strip() or next(following, "").strip())


def _spellings(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the text inside the last inline code, or the text itself, without emphasis and without a full stop."""
    code = _INLINE_CODE.findall(text)
    if code:
        yield code[-1][1].strip(), True
        return
    plain = text.strip().strip("*").strip()
    if plain.endswith("."):
        yield plain[:-1].rstrip(), False
    yield plain, " " not in plain


# Values


def _value(text: str, name: str, kind: str, marked: bool) -> str | None:
    said = _printed(text)
    if said is None:
        return None
    said = re.sub(_ARROW.format(name=name), "", said)
    for spelling in (said, _straight(said)):
        if (found := _value_of_code(spelling, name, kind)) is not None:
            return found
    return repr(said) if marked and kind == "str" and said and "\n" not in said and not _is_code(said) else None


def _printed(text: str) -> str | None:
    """Return the last output of a session at a prompt, None if there is none; a text without prompts is unchanged."""
    lines = text.splitlines()
    prompts = [n for n, line in enumerate(lines) if _PROMPT.match(line) or _CONTINUED.match(line)]
    if not any(_PROMPT.match(line) for line in lines):
        return text.strip()
    printed = "\n".join(_OUT.sub("", line) for line in lines[prompts[-1] + 1 :]).strip()
    return printed or None


def _value_of_code(text: str, name: str, kind: str) -> str | None:
    """Read a literal, ``result = literal``, ``return literal``, ``print(literal)`` or ``f(...) == literal``."""
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if len(statements) != 1:
        return None
    node: ast.expr | None = None
    match statements[0]:
        case ast.Expr(value=value) | ast.Return(value=value) | ast.Assign(targets=[ast.Name()], value=value):
            node = value
        case ast.AnnAssign(target=ast.Name(), value=assigned):
            node = assigned
        case ast.Assert(test=value):
            node = value
    match node:
        case ast.Call(func=ast.Name(id="print"), args=[value], keywords=[]):
            node = value
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            sides = [side for side in (left, right) if not _calls(side, name)]
            node = sides[0] if len(sides) == 1 else None
    if node is None:
        return None
    try:
        found = node_value(node)
    except ValueError:
        return None
    if kind != "dict" and isinstance(found, dict) and len(found) == 1 and _WRAPPING_KEYS.issuperset(found):
        (found,) = found.values()
    return canonical(repr(found))


def _is_code(text: str) -> bool:
    """Return whether a text is a literal of another type, or a call, and so not a string without quotes."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if isinstance(tree, ast.Call):
        return True
    try:
        node_value(tree)
    except ValueError:
        return False
    return True


def _straight(text: str) -> str:
    """Return the text with the typographic quotes around it replaced by straight ones."""
    for opening, closing, quote in _TYPOGRAPHIC:
        if len(text) > 1 and text[0] == opening and text[-1] == closing and quote not in text:
            return f"{quote}{text[1:-1]}{quote}"
    return text


# Arguments


def _arguments(text: str, signature: Signature, marked: bool) -> str | None:
    code = _typed(text)
    readers = (_as_tuple, _as_object, _as_call, _as_statements, _on_lines)
    for spelling in (code, _RESULT.sub("", code), _straight(code)):
        for read in readers if marked else readers[:-1]:
            try:
                found = read(spelling, signature)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            if found is not None:
                return found
    return None


def _misfit(text: str, signature: Signature) -> str | None:
    """Read literals, or a call with literals, whatever their number."""
    try:
        node = ast.parse(_typed(text), mode="eval").body
        given = (
            positional_of(node) if isinstance(node, ast.Call) and _calls(node, signature.name) else [node_value(node)]
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return canonical(repr(tuple(given)))


def _typed(text: str) -> str:
    """Return the lines that were typed at prompts; without prompts, the text."""
    lines = text.splitlines()
    if not any(_PROMPT.match(line) for line in lines):
        return text.strip()
    return "\n".join(found[1] for line in lines if (found := _PROMPT.match(line) or _CONTINUED.match(line)))


def _as_tuple(text: str, signature: Signature) -> str | None:
    """Read a tuple with as many members as there are parameters, which is how arguments are stored."""
    value = node_value(ast.parse(text, mode="eval").body)
    if isinstance(value, tuple) and len(value) == len(signature.parameters):
        return fitted(list(value), {}, signature)
    return None


def _as_object(text: str, signature: Signature) -> str | None:
    """Read an object whose keys are the parameters; if the function takes an object, that is an argument."""
    value = None if signature.kinds[:1] == ("dict",) else node_value(ast.parse(text, mode="eval").body)
    if isinstance(value, dict) and value and all(key in signature.parameters for key in value):
        return fitted([], value, signature)
    return None


def _as_call(text: str, signature: Signature) -> str | None:
    """Read values separated by commas, keywords, or a whole call, like the inputs of a teacher."""
    return read_call(text, signature)


def _as_statements(text: str, signature: Signature) -> str | None:
    """Read assignments to parameters or other names, values on lines, and a call that uses them; the call counts."""
    names: dict[str, object] = dict(JSON_NAMES)
    assigned: dict[str, object] = {}
    values: list[object] = []
    called = None
    for statement in ast.parse(text).body:
        target, node = _parts(statement)
        call = _call_in(node, signature.name) if node else None
        if node is None:
            return None
        if call:
            called = fitted(positional_of(call, names), keywords_of(call, names), signature)
        elif target is None:
            values.append(node_value(node, names))
        else:
            given = node_value(node, names)
            assigned |= _assigned(target, given)
            names |= assigned
    if called or not (assigned or values):
        return called
    if values and assigned:
        return None
    if values:
        return fitted(values, {}, signature)
    if all(key in signature.parameters for key in assigned):
        return fitted([], assigned, signature)
    if len(assigned) > 1:
        return None
    (value,) = assigned.values()
    whole = isinstance(value, tuple) and len(value) == len(signature.parameters)
    return fitted(list(value) if whole and isinstance(value, tuple) else [value], {}, signature)


def _parts(statement: ast.stmt) -> tuple[ast.expr | None, ast.expr | None]:
    """Return (target, value) of an assignment, (None, value) of an expression or assertion, else (None, None)."""
    match statement:
        case ast.Assign(targets=[target], value=value):
            return target, value
        case ast.AnnAssign(target=target, annotation=annotation, value=value):
            return target, value or annotation  # "spans: [1, 2]"
        case ast.Expr(value=value) | ast.Assert(test=value):
            return None, value
    return None, None


def _assigned(target: ast.expr, value: object) -> dict[str, object]:
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, ast.Tuple) and isinstance(value, tuple) and len(target.elts) == len(value):
        return {
            key: part
            for node, member in zip(target.elts, value, strict=True)
            for key, part in _assigned(node, member).items()
        }
    raise ValueError("it assigns to something that is no name")


def _call_in(node: ast.expr, name: str) -> ast.Call | None:
    """Return the call of ``name`` in an expression statement: alone, printed, or compared with a value."""
    match node:
        case ast.Call(func=ast.Name(id="print"), args=[inner]):
            return _call_in(inner, name)
        case ast.Compare(left=left, ops=[_], comparators=[right]):
            return _call_in(left, name) or _call_in(right, name)
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _call_in(inner, name)
        case ast.Call() if _calls(node, name):
            return node
    return None


def _calls(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=called)) | ast.Call(func=ast.Attribute(attr=called)):
            return called == name
    return False


def _on_lines(text: str, signature: Signature) -> str | None:
    """Read one argument per line; a string may have no quotes if the parameter takes only strings."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    kinds = signature.kinds
    if len(lines) != len(kinds) or len(kinds) > len(signature.parameters):
        return None
    values = []
    for line, kind in zip(lines, kinds, strict=True):
        try:
            values.append(node_value(ast.parse(line, mode="eval").body))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            if kind != "str" or _is_code(line):
                return None
            values.append(line)
    return fitted(values, {}, signature)
