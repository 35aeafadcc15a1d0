"""Worked examples in a statement, in the forms that authors use."""

import ast
import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from stepsmith.core.integers import literal_text, long_integers, read_literal
from stepsmith.core.records import Contract, Example, Solution
from stepsmith.verify.formats.literals import closing, literal_at
from stepsmith.verify.formats.samples import stdio_samples

# What may stand between a call and its result. Longer arrows first.
_ARROW = (
    r"(?:==+>|=+>|-+>|→|➞|⟹|⇒|===?|=|#\s*(?:returns?\b|=+>|-+>)?|:"
    r"|,?\s*(?:should|must|will)\s+(?:return|give|be|equal)\b"
)
_RESULT = re.compile(
    _ARROW + r"|returns?\b|gives?\b|yields?\b|outputs?\b|equals?\b|evaluates\s+to\b|is\b)", re.IGNORECASE
)
_OUTCOME = re.compile(
    r"(?:outputs?|results?|answers?|returns?|expected)\b(?:\s*(?:should|must|will)\b)?(?:\s*(?:be|is)\b)?\s*[:=]?\s*"
    r"|(?:should|must)\s+(?:be|return|equal)\b\s*[:=]?\s*",
    re.IGNORECASE,
)


def find_examples(statement: str, contract: Contract, candidates: Sequence[Solution] = ()) -> tuple[Example, ...]:
    """Return the worked examples of a problem, in order, without repeats.

    Of function problems these are doctests, ``f(x) == y`` (also with an arrow or "returns"), blocks of
    ``Input: a = 1`` and ``Output: 2``, and sentences that assign every parameter and then name the result. Of stdio
    problems they are sample blocks with headings. Where the statement shows none, the docstring that most Python
    candidates share is read instead. Authors make mistakes, and this reader does, too: examples are strong evidence,
    but no proof.
    """
    texts = [statement, shared_docstring(contract, candidates)]
    if contract.interface == "stdio":
        found = [[Example(input=i, output=o) for i, o in stdio_samples(text)] for text in texts]
    else:
        name = (contract.entry_point or "").rpartition(".")[2]
        parameters = _parameters(name, [statement, *(c.code for c in candidates if c.language == "python")])
        texts = [_plain(text) for text in texts]
        found = [[*_calls(text, re.escape(name), parameters), *_assignments(text, parameters)] for text in texts]
        if not any(found):  # an example may call the function by another name
            found = [list(_calls(text, r"[A-Za-z_]\w*", parameters, len(parameters))) for text in texts]
    return tuple(dict.fromkeys(next((examples for examples in found if examples), [])))


def _plain(text: str) -> str:
    """Return text without HTML tags and entities, and without bold print around "Input" and its like."""
    text = html.unescape(re.sub(r"</?(?:b|strong|em|p|pre|code|span|br)\b[^>]*>", "", text))
    return re.sub(
        r"\*\*[ \t]*((?:input|output|explanation|example)\b[^*\n]*?)[ \t]*\*\*", r"\1", text, flags=re.IGNORECASE
    )


def shared_docstring(contract: Contract, candidates: Sequence[Solution]) -> str:
    """Return the docstring of the entry point that at least half of the Python candidates have, or ""."""
    name = (contract.entry_point or "").rpartition(".")[2]
    seen: Counter[str] = Counter()
    python = [c for c in candidates if c.language == "python"]
    for candidate in python:
        try:
            tree = ast.parse(candidate.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                seen[ast.get_docstring(node) or ""] += 1
                break
    text, count = seen.most_common(1)[0] if seen else ("", 0)
    return text if 2 * count >= len(python) else ""


def _parameters(name: str, sources: Sequence[str]) -> list[str]:
    """Return the parameter names of the entry point, from the first source that defines it; [] if none does."""
    pattern = re.compile(rf"def\s+{re.escape(name)}\s*\(")
    for source in sources:
        if match := pattern.search(source):
            end = closing(source, match.end() - 1)
            try:
                function = ast.parse(f"def f({source[match.end() : end - 1]}): pass").body[0] if end else None
            except SyntaxError:
                continue
            if isinstance(function, ast.FunctionDef):
                return [a.arg for a in function.args.args if a.arg != "self"]
    return []


def _calls(text: str, name: str, parameters: Sequence[str], arity: int | None = None) -> Iterator[Example]:
    """Yield calls of ``name`` (a pattern) with literal arguments, ``arity`` of them if given, and their results."""
    for match in re.finditer(rf"(?<![\w.]){name}\s*\(", text):
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        end = closing(text, match.end() - 1)
        if before.rstrip().endswith("def") or end is None:
            continue
        arguments = _call_arguments(text[match.start() : end].replace("\n", " "), parameters)
        if arguments is None or (arity is not None and len(read_literal(arguments)) != arity):
            continue
        rest = text[end:]
        if before.lstrip().startswith(">>>") and not rest.lstrip(" \t").startswith(("=", "#", "-")):
            result = literal_at(rest, len(rest) - len(rest.lstrip()))
        else:
            separator = _RESULT.match(rest.lstrip(" \t`'\"").lstrip())
            if not separator:
                continue
            shift = len(rest) - len(rest.lstrip(" \t`'\"").lstrip())
            start = shift + separator.end()
            result = literal_at(rest, start + len(rest[start:]) - len(rest[start:].lstrip(" \t`\n")))
        if result is not None:
            yield Example(input=arguments, output=result[0])


@long_integers()
def _call_arguments(call: str, parameters: Sequence[str]) -> str | None:
    """Return the argument tuple of a call as text; None unless all arguments are literals."""
    try:
        node = ast.parse(call.strip(), mode="eval").body
        if not isinstance(node, ast.Call):
            return None
        values = [ast.literal_eval(argument) for argument in node.args]
        named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    if named:
        missing = [p for p in parameters[len(values) :] if p in named]
        if len(missing) != len(named):
            return None
        values += [named[p] for p in missing]
    return repr(tuple(values))


def _assignments(text: str, parameters: Sequence[str]) -> Iterator[Example]:
    """Yield ``Input: ...`` / ``Output: ...`` blocks, and sentences that set every parameter and name the result."""
    text = re.sub(r"\bdef\s[^\n]*", lambda header: " " * len(header.group()), text)  # default values are not examples
    first = rf"{re.escape(parameters[0])}\s*=(?!=)|" if parameters else ""
    starts = [match.start() for match in re.finditer(rf"(?<![\w.])(?:{first}Input\s*:)", text)]
    last_end = 0
    for index, start in enumerate(starts):
        if start < last_end:
            continue
        values, at = _values_from(text, start)
        if not values or (parameters and len(values) != len(parameters)):
            continue
        last_end = at
        limit = next((s for s in starts[index + 1 :] if s >= at), len(text))
        for outcome in _OUTCOME.finditer(text, at, limit):
            result = literal_at(text, outcome.end())
            if result is not None:
                yield Example(input=literal_text(tuple(values)), output=result[0])
                last_end = result[1]
                break


_HEADING = re.compile(r"Input\s*:\s*", re.IGNORECASE)
_GAP = re.compile(r"[\s,;`]*(?:and\s+)?(?:[A-Za-z_]\w*\s*=\s*)?")


def _values_from(text: str, start: int) -> tuple[list[object], int]:
    """Return the literals that follow each other (``name = value`` or bare), and where they end.

    They may be separated by commas, "and" or line ends.
    """
    heading = _HEADING.match(text, start)
    at = heading.end() if heading else start
    values: list[object] = []
    while True:
        gap = _GAP.match(text, at)
        assert gap is not None  # it matches the empty text
        result = literal_at(text, gap.end())
        if result is None:
            return values, at
        values.append(read_literal(result[0]))
        at = result[1]
