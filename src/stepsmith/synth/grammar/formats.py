"""Input cases and answers as text: stdin and stdout, or Python literals.

An stdin text has a first line with all sizes and single numbers (left out when there are none), then each source in
turn: a sequence on one line, a string on one line, words, pairs, rows and edges one per line.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from stepsmith.core.integers import read_literal
from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import Case, Composition
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type, Value
from stepsmith.synth.grammar.program import prints_length

Rows = list[list[int]]


def format_case(composition: Composition, interface: Interface, case: Case) -> str:
    """Return an input case as ``TestCase.input`` holds it: stdin text, or the literal of the argument tuple."""
    if interface == "function":
        return repr(arguments(composition, case))
    sources = case[: len(composition.sources)]
    header: list[int] = []
    body: list[str] = []
    for domain, value in zip(composition.sources, sources, strict=True):
        header += _sizes(domain.type, value)
        body += _lines(domain.type, value)
    header += [cast(int, value) for value in case[len(composition.sources) :]]
    first = [" ".join(map(str, header))] if header else []
    return "\n".join([*first, *body]) + "\n"


def arguments(composition: Composition, case: Case) -> tuple[Value, ...]:
    """Return the argument tuple of a case: a graph becomes two arguments."""
    flat: list[Value] = []
    for domain, value in zip(composition.case_domains, case, strict=True):
        flat += cast(tuple[Value, Value], value) if domain.type in GRAPH_TYPES else [value]
    return tuple(flat)


def parse_case(composition: Composition, interface: Interface, text: str) -> Case:
    """Invert ``format_case``. Raises ``ValueError`` for text of another shape; bounds are not checked here."""
    return _parse_literal(composition, text) if interface == "function" else _parse_stdin(composition, text)


def _parse_literal(composition: Composition, text: str) -> Case:
    try:
        flat = read_literal(text)
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"not a Python literal: {error}") from error
    domains = composition.case_domains
    wanted = len(domains) + sum(domain.type in GRAPH_TYPES for domain in domains)
    if not isinstance(flat, tuple) or len(flat) != wanted:
        raise ValueError(f"expected a tuple of {wanted} arguments")
    values = iter(flat)
    return tuple((next(values), next(values)) if d.type in GRAPH_TYPES else next(values) for d in domains)


def _parse_stdin(composition: Composition, text: str) -> Case:
    lines = iter(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"))
    counts = [1 if d.type is Type.INT else len(_SIZES.get(d.type, ())) for d in composition.sources]
    header = _integers(next(lines, "")) if sum(counts) + len(composition.given) else []
    if len(header) != sum(counts) + len(composition.given):
        raise ValueError("the first line has another number of integers")
    case: list[Value] = []
    for domain, count in zip(composition.sources, counts, strict=True):
        sizes, header = header[:count], header[count:]
        case.append(_read(domain.type, sizes, lines))
    if next(lines, None) is not None:
        raise ValueError("there are lines after the end of the input")
    return (*case, *header)


def _read(type_: Type, sizes: list[int], lines: Iterator[str]) -> Value:
    if type_ is Type.INT:
        return sizes[0]
    if type_ is Type.STR:
        return _next(lines)
    if type_ is Type.INTS:
        values = _integers(_next(lines))
        if len(values) != sizes[0]:
            raise ValueError("a sequence has another length than stated")
        return values
    count = sizes[0] - 1 if type_ is Type.TREE else sizes[1] if type_ in GRAPH_TYPES else sizes[0]
    if type_ in (Type.WORDS, Type.GRID):
        return [_next(lines) for _ in range(count)]
    rows = [_integers(_next(lines)) for _ in range(count)]
    width = {Type.MATRIX: sizes[-1], Type.WGRAPH: 3}.get(type_, 2)
    if any(len(row) != width for row in rows):
        raise ValueError("a line has another number of integers than stated")
    return (sizes[0], rows) if type_ in GRAPH_TYPES else rows


def _next(lines: Iterator[str]) -> str:
    try:
        return next(lines)
    except StopIteration:
        raise ValueError("the input ends early") from None


def _integers(line: str) -> list[int]:
    return [int(token) for token in line.split(" ") if token]


_SIZES: dict[Type, tuple[str, ...]] = {
    Type.INTS: ("length",),
    Type.WORDS: ("length",),
    Type.PAIRS: ("length",),
    Type.GRID: ("height", "width"),
    Type.MATRIX: ("height", "width"),
    Type.TREE: ("vertices",),
    Type.GRAPH: ("vertices", "edges"),
    Type.DIGRAPH: ("vertices", "edges"),
    Type.WGRAPH: ("vertices", "edges"),
}


def _sizes(type_: Type, value: Value) -> list[int]:
    """Return what a source contributes to the first line."""
    if type_ is Type.INT:
        return [cast(int, value)]
    if type_ is Type.STR:
        return []
    if type_ in GRAPH_TYPES:
        n, edges = cast(tuple[int, Rows], value)
        return [n] if type_ is Type.TREE else [n, len(edges)]
    items = cast(Sequence[Sequence[object]], value)
    return [len(items), len(items[0])] if type_ in (Type.GRID, Type.MATRIX) else [len(items)]


def _lines(type_: Type, value: Value) -> list[str]:
    """Return the lines of a source or an answer after its sizes."""
    match type_:
        case Type.INT:
            return []
        case Type.STR:
            return [cast(str, value)]
        case Type.INTS:
            return [" ".join(map(str, cast(list[int], value)))]
        case Type.WORDS | Type.GRID:
            return cast(list[str], value)
        case _:
            rows = cast(tuple[int, Rows], value)[1] if type_ in GRAPH_TYPES else cast(Rows, value)
            return [" ".join(map(str, row)) for row in rows]


def format_answer(answer: Domain, interface: Interface, value: Value) -> str:
    """Return an answer as a right program prints it, final newline included, or as the literal it returns."""
    if interface == "function":
        return repr(value)
    if answer.type is Type.BOOL:
        return "Yes\n" if value else "No\n"
    if answer.type is Type.INT:
        return f"{value}\n"
    length = [str(len(cast(list[object], value)))] if prints_length(answer) else []
    return "\n".join([*length, *_lines(answer.type, value)]) + "\n"
