"""A program that accepts exactly the inputs that a statement allows: types, bounds, tags, and the layout of stdin."""

import textwrap

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.domain import Domain, Type
from stepsmith.synth.grammar.naming import Names, name_values
from stepsmith.synth.grammar.program import header_names

VALIDATE = "validate"


def validator_program(composition: Composition, interface: Interface, name: str = VALIDATE) -> str:
    """Return Python text that defines ``name``, true for arguments within the stated bounds and false otherwise.

    For stdio the text is a complete program: exit status 0 for a well-formed input within the bounds, 1 otherwise; an
    input is well-formed if it has exactly the lines and single blanks that a generator writes.
    """
    names = name_values(composition, interface)
    arguments = argument_names(composition, names)
    checks: list[str] = []
    for index, source in enumerate(composition.sources):
        checks += _checks(source, names.components(index))
    for given, parameter in zip(composition.given, names.given, strict=True):
        checks += _integer(parameter, (given.low, given.high))
    body = textwrap.indent("\n".join([*checks, "return True"]), "    ")
    function = f"def {name}({', '.join(arguments)}):\n{body}\n"
    if interface == "function":
        return function
    reader = textwrap.indent("\n".join(_reader(composition, names)), "    ")
    return (
        f"import sys\n\n\n{function}\n\n"
        f"def read(text):\n{reader}\n    return {', '.join(arguments)}{',' if len(arguments) == 1 else ''}\n\n\n"
        "try:\n"
        f"    accepted = {name}(*read(sys.stdin.read()))\n"
        "except ValueError:\n"
        "    accepted = False\n"
        "sys.exit(0 if accepted else 1)\n"
    )


def argument_names(composition: Composition, names: Names | None = None) -> tuple[str, ...]:
    """Return the argument names in the order of the signature (function interface unless ``names`` says otherwise)."""
    names = names or name_values(composition, "function")
    return (*(part for index in range(len(composition.sources)) for part in names.components(index)), *names.given)


def _reject_if(condition: str) -> list[str]:
    return [f"if {condition}:", "    return False"]


def _integer(name: str, bounds: tuple[int, int]) -> list[str]:
    return _reject_if(f"type({name}) is not int or not {bounds[0]} <= {name} <= {bounds[1]}")


def _list(name: str, bounds: tuple[int, int]) -> list[str]:
    return _reject_if(f"type({name}) is not list or not {bounds[0]} <= len({name}) <= {bounds[1]}")


def _text(name: str, bounds: tuple[int, int], alphabet: str) -> list[str]:
    return [
        *_reject_if(f"type({name}) is not str or not {bounds[0]} <= len({name}) <= {bounds[1]}"),
        *_reject_if(f"not set({name}) <= set({alphabet!r})"),
    ]


def _for_each(item: str, name: str, checks: list[str]) -> list[str]:
    return [f"for {item} in {name}:", *(f"    {line}" for line in checks)]


def _checks(domain: Domain, names: tuple[str, ...]) -> list[str]:
    """Return the statements that reject a value outside ``domain``."""
    name = names[-1]
    match domain.type:
        case Type.INT:
            return _integer(name, domain.values)
        case Type.INTS:
            checks = [*_list(name, domain.size), *_for_each("value", name, _integer("value", domain.values))]
            if "distinct" in domain.tags:
                checks += _reject_if(f"len(set({name})) < len({name})")
            if "sorted" in domain.tags:
                checks += _reject_if(f"{name} != sorted({name})")
            return checks
        case Type.STR:
            return _text(name, domain.size, domain.alphabet)
        case Type.WORDS:
            return [*_list(name, domain.size), *_for_each("word", name, _text("word", domain.second, domain.alphabet))]
        case Type.GRID:
            row = [*_text("row", domain.second, domain.alphabet), *_reject_if(f"len(row) != len({name}[0])")]
            return [*_list(name, domain.size), *_for_each("row", name, row)]
        case Type.PAIRS:
            pair = [*_list("pair", (2, 2)), *_for_each("end", "pair", _integer("end", domain.values))]
            return [*_list(name, domain.size), *_for_each("pair", name, [*pair, *_reject_if("pair[0] > pair[1]")])]
        case Type.MATRIX:
            row = [*_list("row", domain.second), *_reject_if(f"len(row) != len({name}[0])")]
            row += _for_each("value", "row", _integer("value", domain.values))
            return [*_list(name, domain.size), *_for_each("row", name, row)]
        case _:
            return _graph_checks(domain, *names)


def _graph_checks(domain: Domain, n: str, edges: str) -> list[str]:
    width = 3 if domain.type is Type.WGRAPH else 2
    edge = [
        *_list("edge", (width, width)),
        *_for_each("end", "edge[:2]", _reject_if(f"type(end) is not int or not 1 <= end <= {n}")),
        *_reject_if("edge[0] == edge[1]"),
    ]
    if width == 3:
        edge += _integer("edge[2]", domain.values)
    ends = "(edge[0], edge[1])" if domain.type is Type.DIGRAPH else "(min(edge[:2]), max(edge[:2]))"
    checks = [*_integer(n, domain.size)]
    if domain.type is Type.TREE:
        checks += _reject_if(f"type({edges}) is not list or len({edges}) != {n} - 1")
    else:
        checks += _list(edges, domain.second)
    checks += _for_each("edge", edges, edge)
    checks += _reject_if(f"len({{{ends} for edge in {edges}}}) < len({edges})")
    if domain.type is Type.TREE or "connected" in domain.tags:
        checks += _CONNECTED.format(n=n, edges=edges).strip().split("\n")
    if "acyclic" in domain.tags:
        checks += _ACYCLIC.format(n=n, edges=edges).strip().split("\n")
    return checks


_CONNECTED = """
around = {{v: [] for v in range(1, {n} + 1)}}
for edge in {edges}:
    around[edge[0]].append(edge[1])
    around[edge[1]].append(edge[0])
seen, waiting = {{1}}, [1]
while waiting:
    for v in around[waiting.pop()]:
        if v not in seen:
            seen.add(v)
            waiting.append(v)
if len(seen) < {n}:
    return False
"""

_ACYCLIC = """
after = {{v: [] for v in range(1, {n} + 1)}}
blocked = {{v: 0 for v in after}}
for u, v in {edges}:
    after[u].append(v)
    blocked[v] += 1
free = [v for v in after if blocked[v] == 0]
for u in free:
    for v in after[u]:
        blocked[v] -= 1
        if blocked[v] == 0:
            free.append(v)
if len(free) < {n}:
    return False
"""


# --- stdin -----------------------------------------------------------------------------------------------------------


def _reader(composition: Composition, names: Names) -> list[str]:
    """Return statements that read ``text`` into the arguments and raise ``ValueError`` if its layout differs."""
    lines = [
        'if not text.endswith("\\n"):',
        '    raise ValueError("no newline at the end")',
        'lines = text[:-1].split("\\n")',
        "lines.reverse()",
        "",
        "def take():",
        "    if not lines:",
        '        raise ValueError("the input ends early")',
        "    return lines.pop()",
        "",
        "def integers(count):",
        "    line = take()",
        "    values = [int(token) for token in line.split()]",
        '    if len(values) != count or line != " ".join(map(str, values)):',
        '        raise ValueError("not the integers that were expected")',
        "    return values",
        "",
    ]
    header = header_names(composition, names)
    if header:
        lines.append(f"{', '.join(header)}{',' if len(header) == 1 else ''} = integers({len(header)})")
    for index, source in enumerate(composition.sources):
        lines += _read_source(source, names.values[index], names.sizes[index])
    return [*lines, "if lines:", '    raise ValueError("lines after the end")']


def _read_source(source: Domain, name: str, sizes: tuple[str, ...]) -> list[str]:
    match source.type:
        case Type.INT:
            return []
        case Type.STR:
            return [f"{name} = take()"]
        case Type.INTS:
            return [f"{name} = integers({sizes[0]})"]
        case Type.WORDS:
            return [f"{name} = [take() for _ in range({sizes[0]})]"]
        case Type.PAIRS:
            return [f"{name} = [integers(2) for _ in range({sizes[0]})]"]
        case Type.GRID:
            return [
                f"{name} = [take() for _ in range({sizes[0]})]",
                f"if any(len(row) != {sizes[1]} for row in {name}):",
                '    raise ValueError("a row of another length")',
            ]
        case Type.MATRIX:
            return [f"{name} = [integers({sizes[1]}) for _ in range({sizes[0]})]"]
        case _:
            count = f"{sizes[0]} - 1" if source.type is Type.TREE else sizes[1]
            return [f"edges = [integers({3 if source.type is Type.WGRAPH else 2}) for _ in range({count})]"]
