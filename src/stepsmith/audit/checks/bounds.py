"""What a statement says of inputs: bounds such as "1 <= n <= 100", in symbols and in words, and type hints."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stepsmith.audit.search.text_forms import tokens_of
from stepsmith.audit.subject import ProblemSubject
from stepsmith.verify.suite.baselines import arguments

_POWER = r"\d+\s*(?:\^|\*\*)\s*\{?\d+\}?"
_INTEGER = rf"-?(?:{_POWER}|\d+(?:\s*[*·×x]\s*(?:{_POWER}|10\d\d?)|e\d+|(?:[,_]\d{{3}})+)?)(?:[ \t]*[-+][ \t]*\d+)?"
_NAME = r"(?:len\(\w+\)|\w+\.length|\|\w+\||\w+\[\w+\]|\w+)"
_BOUND = re.compile(
    rf"(?<![\w^.,*/])(?P<low>{_INTEGER})\s*(?P<first>≤|<=|<|\\leq?)\s*"
    rf"(?P<names>{_NAME}(?:\s*,\s*{_NAME})*)"
    rf"\s*(?P<second>≤|<=|<|\\leq?)\s*(?P<high>{_INTEGER})(?![\w^]|\.\d|[ \t]*[*·×/^]|[ \t]*[-+][ \t]*\w)"
)
_OPEN = re.compile(r"[\w)\]}][ \t]*[-+*/^·×][ \t]*$")  # an expression that goes on in what follows
_ONLY = re.compile(r"[`$]*\s*(?:for|if|when|where|unless)\b", re.IGNORECASE)  # the bound holds for some alone
# A power whose exponent was a superscript once: 104 is 10^4, 231 is 2^31.
_LOST = re.compile(r"(10)([3-9]|1[0-8])|(2)(31|32|63|64)")
# "a list x of at most 10 integers from -20 to 20", "an integer n from 1 to 9", "a string s of at most 8 letters".
_PROSE = re.compile(
    r"\b(?:list|array|string|integer|number)\s+`?(?P<name>[a-zA-Z_]\w*)`?\s+(?:of\s+at\s+most\s+(?P<most>\d+)\s+\w+\s*)?"
    r"(?:(?:from|between)\s+(?P<low>-?\d+)\s+(?:to|and)\s+(?P<high>-?\d+))?"
)
LONGEST = 2000  # numbers in a line that is made
_FIRST = re.compile(r"\b(?:first|single|only)\s+line\b[^.]*", re.IGNORECASE)
_SECOND = re.compile(r"\b(?:second|next|following)\s+line\b[^.]*\b(?:integers|numbers)\b[^.]*", re.IGNORECASE)
_ELEMENT = r"[a-zA-Z]+_\w|[a-zA-Z]+\[\w\]"
MISREAD = 0.3  # share of known inputs that contradict what was read of lines, from which nothing is believed


def hints_of(subject: ProblemSubject) -> dict[str, ast.expr | None]:
    """Return the parameters of the entry point with their annotations, from the statement or the reference."""
    name = (subject.problem.entry_point or "").rpartition(".")[2]
    if not name:
        return {}
    for text in (subject.reference_code, subject.problem.statement):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                names = [a for a in (*node.args.posonlyargs, *node.args.args) if a.arg != "self"]
                return {a.arg: a.annotation for a in names}
    return {}


def bounds_of(statement: str) -> list[tuple[str, float, float, str]]:
    """Return (name, least, greatest, passage) of bounds such as "1 <= n <= 100", both ends inclusive."""
    found: list[tuple[str, float, float, str]] = []
    for match in _BOUND.finditer(statement):
        low, high = _number(match["low"]), _number(match["high"])
        open_before = _OPEN.search(statement[max(0, match.start() - 40) : match.start()])
        if low is not None and high is not None and not open_before and not _ONLY.match(statement, match.end()):
            least, most = low + (match["first"] == "<"), high - (match["second"] == "<")
            found += [(name.strip(), least, most, match[0]) for name in match["names"].split(",")]
    for match in _PROSE.finditer(statement):
        if match["most"]:
            found.append((f"len({match['name']})", 0, int(match["most"]), match[0]))
        if match["low"]:
            name = f"{match['name']}[i]" if match["most"] else match["name"]
            found.append((name, int(match["low"]), int(match["high"]), match[0]))
    return found


def _number(text: str) -> int | None:
    """Return the value of a bound. Of the two readings of "105", 105 and 10 to the fifth, it is the wider one."""
    text = re.sub(r"[\s{},_]", "", text).replace("**", "^").replace("·", "*").replace("×", "*").replace("x", "*")
    match = re.fullmatch(r"(-?)(?:(\d+)\*)?(\d+)(?:\^(\d+)|e(\d+))?([-+]\d+)?", text)
    if not match:
        return None
    sign, factor, base, power, tens, more = match.groups()
    lost = _LOST.fullmatch(base) if not power and not tens else None
    if lost:
        base, power = lost[1] or lost[3], lost[2] or lost[4]
    if max(map(len, filter(None, (power, tens))), default=0) > 2:
        return None
    value: int = int(factor or 1) * int(base) ** int(power or 1) * 10 ** int(tens or 0)
    return (-value if sign else value) + int(more or 0)


def why_outside(
    text: str, hints: Mapping[str, ast.expr | None], bounds: list[tuple[str, float, float, str]], names: list[str]
) -> tuple[str, str]:
    """Return (why an input is outside, the passage that says so); ("", "") where it is not."""
    try:
        given = arguments(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return "", ""
    values = dict(zip(names, given, strict=False))
    for name, hint in hints.items():
        if hint is not None and name in values and not fits_hint(hint, values[name]):
            return f"{name} is not {ast.unparse(hint)}", f"{name}: {ast.unparse(hint)}"
    for name, low, high, passage in bounds:
        # A statement that bounds a name twice does so case by case: 10 to 20 for a number, 8 to 40 for an address.
        cases = [(least, most) for other, least, most, _ in bounds if other == name]
        for what, number in _measured(name, values):
            if not low <= number <= high and not any(least <= number <= most for least, most in cases):
                return f"{what} is {number}, and the statement says {passage}", passage
    return "", ""


def _measured(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield (what, number) of what a bound is about."""
    if match := re.fullmatch(r"len\((\w+)\)|(\w+)\.length|\|(\w+)\|", name):
        inner = next(filter(None, match.groups()))
        if isinstance(values.get(inner), list | tuple | str):
            yield f"the length of {inner}", len(values[inner])
    elif match := re.fullmatch(r"(\w+)\[\w+\]", name):
        items = values.get(match[1])
        if isinstance(items, list | tuple):
            yield from ((f"an element of {match[1]}", item) for item in items if type(item) in (int, float))
    elif type(values.get(name)) in (int, float):
        yield name, values[name]


_PLAIN = {"int": int, "str": str, "bool": bool, "bytes": bytes, "complex": complex}
_SEQUENCES = {"list": list, "List": list, "set": set, "Set": set, "frozenset": frozenset}


def fits_hint(hint: ast.expr, value: Any) -> bool:
    """Return False where a value certainly breaks a type hint. A float may be an int; an int may be a whole float."""
    match hint:
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id="float"):
            return isinstance(value, int | float)
        case ast.Name(id="int"):
            return isinstance(value, int) or (isinstance(value, float) and value == int(value))
        case ast.Name(id=name) if name in _PLAIN:
            return isinstance(value, _PLAIN[name])
        case ast.Name(id=name) if name in _SEQUENCES:
            return isinstance(value, _SEQUENCES[name])
        case ast.Name(id="dict" | "Dict"):
            return isinstance(value, dict)
        case ast.Name(id="tuple" | "Tuple"):
            return isinstance(value, tuple)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return value is None or fits_hint(inner, value)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=options)):
            return any(fits_hint(option, value) for option in options)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return fits_hint(left, value) or fits_hint(right, value)
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in _SEQUENCES:
            return isinstance(value, _SEQUENCES[name]) and all(fits_hint(inner, item) for item in value)
        case ast.Subscript(value=ast.Name(id="dict" | "Dict"), slice=ast.Tuple(elts=[keys, items])):
            return isinstance(value, dict) and all(fits_hint(keys, k) and fits_hint(items, v) for k, v in value.items())
    return True


# The lines of standard input


class NamedLines(NamedTuple):
    """Which numbers of a stdio input the bounds of a statement are about. Inputs of other forms are not understood."""

    first: dict[str, int]  # names of the first line's numbers, with their places
    elements: str  # name of the second line's numbers, "" if nobody knows
    counts: str  # name of the first line's number that counts those of the second, ""

    @classmethod
    def of(cls, statement: str, bounds: Sequence[tuple[str, float, float, str]], inputs: Sequence[str]) -> "NamedLines":
        """Read the statement. Where many known inputs contradict what was read, it was not understood."""
        named = dict.fromkeys(name for name, *_ in bounds)
        tokens = [tokens_of(text) for text in inputs]
        first, elements, counts = {}, "", ""
        statement = statement.replace("...", "…")  # a sentence ends with one full stop
        if all(tokens):
            found = _mentioned(_FIRST.search(statement), [n for n in named if n.isalnum()])
            if {len(lines[0]) for lines in tokens} == {len(found)}:
                first = {name: k for k, name in enumerate(found)}
            if {len(lines) for lines in tokens} == {2}:
                inner = _mentioned(_SECOND.search(statement), [n for n in named if re.fullmatch(_ELEMENT, n)])
                elements = inner[0] if len(inner) == 1 else ""
                counts = next((n for n, k in first.items() if all(x[0][k] == len(x[1]) for x in tokens)), "")
        read = cls(first, elements, counts)
        outside = sum(any(read.outside(text, bounds)) for text in inputs)
        return read if outside <= len(inputs) * MISREAD else cls({}, "", "")

    def outside(self, text: str, bounds: Sequence[tuple[str, float, float, str]]) -> Iterator[tuple[str, str]]:
        """Yield (why, passage) of numbers outside every bound of their name."""
        lines = tokens_of(text)
        for name, _, _, passage in bounds:
            cases = [(least, most) for other, least, most, _ in bounds if other == name]
            for number in _numbers_of(lines, self.first, self.elements, name):
                if not (isinstance(number, int) and any(least <= number <= most for least, most in cases)):
                    yield f"{name} is {number}, and the statement says {passage}", passage
                    break

    def with_value(self, text: str, name: str, value: int) -> str:
        """Return an input with a number set to ``value``, and as many numbers as it counts; "" if that is unknown."""
        lines = tokens_of(text)
        if name in self.first:
            lines[0][self.first[name]] = value
            if name == self.counts:
                if not 0 <= value <= LONGEST:
                    return ""
                lines[1] = (lines[1] * (value // len(lines[1]) + 1))[:value]
        elif name and name == self.elements:
            lines[1][0] = value
        else:
            return ""
        return "".join(" ".join(map(str, line)) + "\n" for line in lines)


def _numbers_of(lines: list[list[object]], first: dict[str, int], elements: str, name: str) -> list[object]:
    if name in first:
        return [lines[0][first[name]]]
    return lines[1] if name == elements else []


def _mentioned(sentence: re.Match[str] | None, names: list[str]) -> list[str]:
    """Return the names that a sentence mentions, in order."""
    text = sentence[0] if sentence else ""
    found = {name: re.search(rf"(?<![\w\\]){re.escape(name)}(?![\w\[])", text) for name in names}
    return sorted((n for n, place in found.items() if place), key=lambda n: found[n].start())  # type: ignore[union-attr]
