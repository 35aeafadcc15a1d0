"""The list of constraints: every bound and promise as a line of its own (AtCoder, LeetCode)."""

from stepsmith.synth.grammar.describe import Description, Source
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Type
from stepsmith.synth.grammar.wording import alphabet_phrase, number

_TEXTS = (Type.STR, Type.WORDS, Type.GRID)


def constraints(described: Description) -> list[str]:
    """Return the lines for all sources, then for the given parameters."""
    lines: list[str] = []
    for source in described.sources:
        lines += _of_argument(source) if described.style == "leetcode" else _of_stdin(source)
        lines += source.promises()
    lines += described.given_bounds()
    if described.style == "atcoder" and all(source.domain.type not in _TEXTS for source in described.sources):
        lines.append("All values in the input are integers.")
    return lines


def _of_stdin(source: Source) -> list[str]:
    domain, name, sizes = source.domain, source.name, source.sizes
    lines = source.bounds()
    match domain.type:
        case Type.INTS:
            lines.append(source.between(domain.values, f"{name}_i"))
        case Type.STR | Type.WORDS:
            what, limits = (source.symbol, domain.size) if domain.type is Type.STR else (
                source.symbol["i"], domain.second
            )  # fmt: skip
            lines.append(
                f"{what} is a string of length between {number(limits[0])} and {number(limits[1])}, inclusive, that "
                f"consists of {alphabet_phrase(domain.alphabet)}."
            )
        case Type.PAIRS:
            lines.append(rf"${number(domain.values[0])} \le L_i \le R_i \le {number(domain.values[1])}$")
        case Type.GRID:
            lines.append(f"{source.symbol} consists of {alphabet_phrase(domain.alphabet)}.")
        case Type.MATRIX:
            lines.append(source.between(domain.values, f"{name}_{{i,j}}"))
        case Type.INT:
            pass
        case _:
            lines.append(rf"$1 \le U_j, V_j \le {sizes[0]}$")
            if domain.type is Type.TREE:
                return [*lines, "The given graph is a tree."]
            lines.append(r"$U_j \ne V_j$")
            if domain.type is Type.WGRAPH:
                lines.append(source.between(domain.values, "W_j"))
    return lines


def _of_argument(source: Source) -> list[str]:
    domain, name = source.domain, source.name
    if domain.type is Type.INT:
        return source.bounds()
    if domain.type in GRAPH_TYPES:
        return _of_edges(source)
    lines = [source.between(domain.size, f"{name}.length")]
    match domain.type:
        case Type.STR:
            lines.append(f"{source.symbol} consists of {alphabet_phrase(domain.alphabet)}.")
        case Type.INTS:
            lines.append(source.between(domain.values, f"{name}[i]"))
        case Type.WORDS:
            lines.append(source.between(domain.second, f"{name}[i].length"))
            lines.append(f"{source.symbol['i']} consists of {alphabet_phrase(domain.alphabet)}.")
        case Type.PAIRS:
            low, high = (number(end, "leetcode") for end in domain.values)
            lines.append(f"`{low} <= l <= r <= {high}` for every interval `[l, r]`")
        case Type.GRID:
            lines.append(source.between(domain.second, f"{name}[i].length"))
            lines.append(f"All rows have the same length and consist of {alphabet_phrase(domain.alphabet)}.")
        case _:
            lines.append(source.between(domain.second, f"{name}[i].length"))
            lines.append("All rows have the same length.")
            lines.append(source.between(domain.values, f"{name}[i][j]"))
    return lines


def _of_edges(source: Source) -> list[str]:
    domain, n = source.domain, source.sizes[0]
    tree = domain.type is Type.TREE
    lines = [
        source.between(domain.size, n),
        f"`edges.length == {n} - 1`" if tree else source.edge_bound("edges.length"),
        f"`1 <= u, v <= {n}` and `u != v` for every edge",
    ]
    if domain.type is Type.WGRAPH:
        lines.append(source.between(domain.values, "w"))
    return [*lines, "`edges` describes a tree."] if tree else lines
