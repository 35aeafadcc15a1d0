"""What a statement says of stdin and stdout: line by line in prose, or as a format block."""

from stepsmith.synth.grammar.describe import Description, Source
from stepsmith.synth.grammar.domain import Domain, Type
from stepsmith.synth.grammar.program import header_names, prints_length
from stepsmith.synth.grammar.wording import Symbol, alphabet_phrase, count_word, listed, number

_PLACES = ("first", "second", "third", "fourth", "fifth")
_ONE_LINE = (Type.INTS, Type.STR)


def input_lines(described: Description) -> str:
    """Describe stdin line by line with all bounds, a paragraph per line or block of lines."""
    paragraphs = []
    header = [str(Symbol(described.cased(name), described.style)) for name in _header(described)]
    if header:
        kind = "a single integer" if len(header) == 1 else f"{count_word(len(header))} integers"
        bounds = [bound for source in described.sources for bound in source.bounds()] + described.given_bounds()
        paragraphs.append(f"The first line contains {kind} {listed(header)} ({', '.join(bounds)}).")
    line: int | None = len(paragraphs)  # None after a block whose length depends on the input
    for source in described.sources:
        if source.domain.type is Type.INT:
            continue
        place = "The next line" if line is None else f"The {_PLACES[line]} line"
        paragraphs.append(" ".join([_lines_of(source, place), *source.promises()]))
        line = line + 1 if line is not None and source.domain.type in _ONE_LINE else None
    return "\n\n".join(paragraphs)


def _header(described: Description) -> list[str]:
    return header_names(described.composition, described.names)


def _lines_of(source: Source, place: str) -> str:
    """Describe the lines of one source after the first line of the input."""
    domain, name = source.domain, source.name
    low, high = number(domain.values[0]), number(domain.values[1])
    ends = rf"$1 \le u, v \le {source.sizes[0]}$, $u \ne v$" if source.sizes else ""
    match domain.type:
        case Type.STR:
            length = source.between(domain.size, f"|{name}|")
            return f"{place} contains the string {source.symbol} ({length}), which consists of {_alphabet(domain)}."
        case Type.INTS:
            items = rf"${name}_1, {name}_2, \dots, {name}_{source.sizes[0]}$"
            bound = source.between(domain.values, f"{name}_i")
            return f"{place} contains {source.count} integers {items} ({bound})."
        case Type.WORDS:
            length = source.between(domain.second, f"|{name}_i|")
            return (
                f"The i-th of the next {source.count} lines contains the word {source.symbol['i']} ({length}), which "
                f"consists of {_alphabet(domain)}."
            )
        case Type.PAIRS:
            return (
                f"The i-th of the next {source.count} lines contains two integers $l_i$ and $r_i$ "
                rf"(${low} \le l_i \le r_i \le {high}$)."
            )
        case Type.GRID:
            return (
                f"Each of the next {source.count} lines contains a string of {source.second} characters, one row of "
                f"{source.symbol}. The grid consists of {_alphabet(domain)}."
            )
        case Type.MATRIX:
            return (
                f"Each of the next {source.count} lines contains {source.second} integers, one row of {source.symbol}. "
                f"Every entry is between ${low}$ and ${high}$, inclusive."
            )
        case Type.TREE:
            return (
                f"Each of the next ${source.sizes[0]} - 1$ lines contains two integers $u$ and $v$ ({ends}): an edge."
            )
        case Type.WGRAPH:
            return (
                f"Each of the next {source.second} lines contains three integers $u$, $v$ and $w$ ({ends}, "
                rf"${low} \le w \le {high}$): an edge of weight $w$ between the vertices $u$ and $v$."
            )
        case _:
            what = "an arc from $u$ to $v$" if domain.type is Type.DIGRAPH else "an edge between $u$ and $v$"
            return f"Each of the next {source.second} lines contains two integers $u$ and $v$ ({ends}): {what}."


def _alphabet(domain: Domain) -> str:
    return alphabet_phrase(domain.alphabet)


def layout(described: Description) -> str:
    """Return the format block of stdin."""
    header = " ".join(described.cased(name) for name in _header(described))
    lines = [header] if header else []
    for source in described.sources:
        name, sizes = source.name, source.sizes
        match source.domain.type:
            case Type.INT:
                pass
            case Type.INTS:
                lines.append(f"{name}_1 {name}_2 ... {name}_{sizes[0]}")
            case Type.STR:
                lines.append(name)
            case Type.WORDS | Type.GRID:
                lines += _column(name, sizes[0])
            case Type.PAIRS:
                lines += _column("L R", sizes[0])
            case Type.MATRIX:
                rows = [f"{name}_{{{i},1}} ... {name}_{{{i},{sizes[1]}}}" for i in ("1", sizes[0])]
                lines += [rows[0], ":", rows[1]]
            case Type.TREE:
                lines += _column("U V", f"{{{sizes[0]}-1}}")
            case Type.WGRAPH:
                lines += _column("U V W", sizes[1])
            case _:
                lines += _column("U V", sizes[1])
    return "\n".join(lines)


def _column(names: str, last: str) -> list[str]:
    """Return lines with the indices 1, 2 and ``last``."""
    rows = [" ".join(f"{name}_{index}" for name in names.split()) for index in ("1", "2", last)]
    return [rows[0], rows[1], ":", rows[2]]


def output_lines(answer: Domain) -> str:
    """Describe stdout."""
    match answer.type:
        case Type.INT:
            return "Print one integer: the answer."
        case Type.BOOL:
            return "Print `Yes` if this is the case, and `No` otherwise."
        case Type.STR:
            empty = " If it is empty, print an empty line." if answer.size[0] == 0 else ""
            return f"Print the resulting string.{empty}"
        case Type.INTS if prints_length(answer):
            return (
                "On the first line, print the number of elements of the answer. On the second line, print the elements "
                "in order, separated by spaces; leave this line empty if there are none."
            )
        case Type.INTS:
            return "Print the elements of the answer in order on one line, separated by spaces."
        case _:
            unit = "rows" if answer.type in (Type.GRID, Type.MATRIX) else "elements"
            numbers = {Type.PAIRS: ", as two integers separated by a space", Type.MATRIX: ", as integers separated by "
                       "spaces"}.get(answer.type, "")  # fmt: skip
            if prints_length(answer):
                return (
                    f"On the first line, print the number of {unit} of the answer. Then print the {unit} in order, one "
                    f"per line{numbers}."
                )
            return f"Print the {unit} of the answer in order, one per line{numbers}."
