"""How a statement introduces its inputs, and the names, bounds and promises that every part of it shares."""

from dataclasses import dataclass

from stepsmith.core.records import Style
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type
from stepsmith.synth.grammar.naming import Names, name_values
from stepsmith.synth.grammar.themes import Setting
from stepsmith.synth.grammar.wording import Symbol, between, count_word, listed, number


@dataclass(frozen=True, slots=True)
class Source:
    """One source in a style: its domain, its name and the names of its sizes, capitalised where the style does."""

    domain: Domain
    name: str
    sizes: tuple[str, ...]
    style: Style

    @property
    def symbol(self) -> Symbol:
        """The source's name as it stands in prose."""
        return Symbol(self.name, self.style)

    @property
    def count(self) -> str:
        """The first size as it stands in prose: length, rows or vertices."""
        return str(Symbol(self.sizes[0], self.style))

    @property
    def second(self) -> str:
        """The second size: columns or edges."""
        return str(Symbol(self.sizes[1], self.style))

    def bounds(self) -> list[str]:
        """Return the bounds of what stands on the first line of stdin: a single number, or sizes."""
        domain = self.domain
        if domain.type is Type.INT:
            return [self.between(domain.values, self.name)]
        limits = [self.between(domain.size, self.sizes[0])] if self.sizes else []
        if domain.type in (Type.GRID, Type.MATRIX):
            limits.append(self.between(domain.second, self.sizes[1]))
        elif domain.type in GRAPH_TYPES - {Type.TREE}:
            limits.append(self.edge_bound(self.sizes[1]))
        return limits

    def between(self, limits: tuple[int, int], name: str) -> str:
        """Return ``low <= name <= high`` as a formula."""
        return between(limits[0], name, limits[1], self.style)

    def edge_bound(self, m: str) -> str:
        """Return the bounds of the number ``m`` of edges of a simple graph."""
        n, domain = self.sizes[0], self.domain
        low: int | str = f"{n} - 1" if "connected" in domain.tags else domain.second[0]
        directed = domain.type is Type.DIGRAPH and "acyclic" not in domain.tags
        if self.style == "leetcode":
            pairs = f"{n} * ({n} - 1)" if directed else f"{n} * ({n} - 1) / 2"
            return between(low, m, f"min({number(domain.second[1], 'leetcode')}, {pairs})", self.style)
        pairs = f"{n}({n} - 1)" if directed else rf"\frac{{{n}({n} - 1)}}{{2}}"
        return between(low, m, rf"\min({number(domain.second[1])}, {pairs})", self.style)

    def promises(self) -> list[str]:
        """Return the sentences that state what bounds cannot: the tags, and that a graph is simple."""
        tags = self.domain.tags
        if self.domain.type is Type.INTS:
            if "sorted" in tags:
                order = "strictly increasing" if "distinct" in tags else "non-decreasing"
                return [f"The elements of {self.symbol} are in {order} order."]
            return [f"All elements of {self.symbol} are distinct."] if "distinct" in tags else []
        if self.domain.type is Type.DIGRAPH:
            return ["No arc is given twice.", *(["The graph has no directed cycle."] if "acyclic" in tags else [])]
        if self.domain.type in (Type.GRAPH, Type.WGRAPH):
            connected = ["The graph is connected."] if "connected" in tags else []
            return ["No two edges join the same pair of vertices.", *connected]
        return []


class Description:
    """The inputs of a composition in a style."""

    def __init__(self, composition: Composition, style: Style) -> None:
        self.composition = composition
        self.style: Style = style
        self.names: Names = name_values(composition, "function" if style == "leetcode" else "stdio")
        self.sources = [
            Source(domain, self.cased(name), tuple(map(self.cased, sizes)), style)
            for domain, name, sizes in zip(composition.sources, self.names.values, self.names.sizes, strict=False)
        ]
        self.given = [self.cased(name) for name in self.names.given]

    def cased(self, name: str) -> str:
        """Return a name as the style writes it."""
        return name.upper() if self.style == "atcoder" else name

    def given_bounds(self) -> list[str]:
        """Return the bounds of the parameters that are read from the input."""
        parameters = zip(self.composition.given, self.given, strict=True)
        return [between(given.low, name, given.high, self.style) for given, name in parameters]

    def story(self, setting: Setting, who: str) -> str:
        """Return the introduction of the first source as a story."""
        first = self.sources[0]
        keys = ("h", "w") if first.domain.type in (Type.GRID, Type.MATRIX) else ("n", "m")
        slots: dict[str, object] = {"who": who, "x": first.symbol, "l": self._end("l"), "r": self._end("r")}
        slots.update(zip(keys, (Symbol(size, self.style) for size in first.sizes), strict=False))
        return setting.intro.format_map(slots)

    def other_inputs(self) -> list[str]:
        """Return a sentence on what the story leaves out: a second source and the given parameters."""
        phrases = [self._noun_phrase(source) for source in self.sources[1:]] + self._given_phrases()
        return [f"You are also given {listed(phrases)}."] if phrases else []

    def all_inputs(self) -> str:
        """Return "a sequence ... and an integer ..." over all sources and parameters."""
        return listed([self._noun_phrase(source) for source in self.sources] + self._given_phrases())

    def representations(self) -> list[str]:
        """Return sentences on the root of a tree, and on how the function interface passes grids and graphs."""
        sentences = []
        for source in self.sources:
            if source.domain.type is Type.TREE:
                sentences.append(f"The root of {source.symbol} is vertex 1.")
            if self.style == "leetcode" and source.domain.type is Type.GRID:
                sentences.append(f"Each string {source.symbol['i']} is a row of the grid.")
            if self.style == "leetcode" and source.domain.type in _EDGES:
                sentences.append(_EDGES[source.domain.type])
        return sentences

    def _given_phrases(self) -> list[str]:
        names = [str(Symbol(name, self.style)) for name in self.given]
        if len(names) < 2:
            return [f"an integer {name}" for name in names]
        return [f"{count_word(len(names))} integers {listed(names)}"]

    def _end(self, letter: str) -> str:
        return Symbol(self.cased(letter), self.style)["i"]

    def _noun_phrase(self, source: Source) -> str:
        """Return "a sequence a of n integers" and its like."""
        code, symbol, tags = self.style == "leetcode", source.symbol, source.domain.tags
        connected = "a connected" if "connected" in tags else "a"
        match source.domain.type:
            case Type.INT:
                return f"an integer {symbol}"
            case Type.INTS:
                return f"an integer array {symbol}" if code else f"a sequence {symbol} of {source.count} integers"
            case Type.STR:
                return f"a string {symbol}"
            case Type.WORDS:
                return f"an array of strings {symbol}" if code else f"a list {symbol} of {source.count} words"
            case Type.PAIRS if code:
                return f"an array {symbol} of intervals `[l, r]`"
            case Type.PAIRS:
                ends = f"$[{self.cased('l')}_i, {self.cased('r')}_i]$"
                return f"a list {symbol} of {source.count} intervals, the i-th of which is {ends}"
            case Type.GRID if code:
                return f"a grid of characters {symbol}"
            case Type.GRID:
                return f"a grid {symbol} of characters with {source.count} rows and {source.second} columns"
            case Type.MATRIX if code:
                return f"an integer matrix {symbol}"
            case Type.MATRIX:
                return f"a matrix {symbol} of integers with {source.count} rows and {source.second} columns"
            case Type.TREE:
                n = source.count
                edges = ", whose edges are in the list `edges`" if code else ""
                return f"a tree {symbol} with {n} vertices numbered from 1 to {n}{edges}"
            case Type.DIGRAPH:
                kind = "an acyclic" if "acyclic" in tags else "a"
                return f"{kind} directed graph {symbol} with {self._graph_size(source, 'arcs')}"
            case Type.WGRAPH:
                return f"{connected} weighted undirected graph {symbol} with {self._graph_size(source, 'edges')}"
            case _:
                kind = connected if "connected" in tags else "an"
                return f"{kind} undirected graph {symbol} with {self._graph_size(source, 'edges')}"

    def _graph_size(self, source: Source, lines: str) -> str:
        if self.style == "leetcode":
            return f"{source.count} vertices numbered from 1 to {source.count}, whose {lines} are in the list `edges`"
        return f"{source.count} vertices numbered from 1 to {source.count} and {source.second} {lines}"


_EDGES = {
    Type.TREE: "Each `edges[j] = [u, v]` is an edge between the vertices `u` and `v`.",
    Type.GRAPH: "Each `edges[j] = [u, v]` is an edge between the vertices `u` and `v`.",
    Type.DIGRAPH: "Each `edges[j] = [u, v]` is an arc from the vertex `u` to the vertex `v`.",
    Type.WGRAPH: "Each `edges[j] = [u, v, w]` is an edge of weight `w` between the vertices `u` and `v`.",
}
