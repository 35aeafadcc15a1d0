"""What a statement says of its input and output: formats and bounds, in each style."""

from stepsmith.core.records import Interface, Style
from stepsmith.synth.grammar.composition import Composition
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Domain, Type
from stepsmith.synth.grammar.naming import name_values
from stepsmith.synth.grammar.program import header_names, prints_length
from stepsmith.synth.grammar.themes import Setting
from stepsmith.synth.grammar.wording import Symbol, alphabet_phrase, between, count_word, listed, number

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def steps_phrase(count: int) -> str:
    """Return "one step", "two steps", ..."""
    return f"{count_word(count)} step{'s' if count > 1 else ''}"


def describe_arguments(composition: Composition) -> str:
    """Return the arguments of the function interface with all bounds: "an integer array `nums` (...) and ..."."""
    describer = Describer(composition, "leetcode")
    return (
        f"{describer.given_plainly().removeprefix('You are given ').rstrip('.')} ({'; '.join(describer.constraints())})"
    )


class Describer:
    """Writes the parts of a statement that depend on sources, parameters and the answer's type alone."""

    def __init__(self, composition: Composition, style: Style) -> None:
        self._composition = composition
        self._style = style
        interface: Interface = "function" if style == "leetcode" else "stdio"
        self._names = name_values(composition, interface)
        self._sources = composition.sources

    # --- beginnings

    def story(self, setting: Setting, who: str) -> str:
        """Return the introduction of the first source as a story."""
        slots: dict[str, object] = {"who": who, "x": self._symbol(0), "l": self._sub("l"), "r": self._sub("r")}
        keys = ("h", "w") if self._sources[0].type in (Type.GRID, Type.MATRIX) else ("n", "m")
        slots.update({key: self._math(name) for key, name in zip(keys, self._names.sizes[0], strict=False)})
        return setting.intro.format_map(slots)

    def other_sources(self) -> list[str]:
        """Return sentences that introduce the second source and the given parameters."""
        phrases = [self._noun_phrase(index) for index in range(1, len(self._sources))]
        if self._names.given:
            phrases.append(self._given_phrase())
        return [f"You are also given {listed(phrases)}."] if phrases else []

    def given_plainly(self) -> str:
        """Return "You are given ..." over all sources and parameters."""
        phrases = [self._noun_phrase(index) for index in range(len(self._sources))]
        if self._names.given:
            phrases.append(self._given_phrase())
        text = f"You are given {listed(phrases)}."
        for source in self._sources:
            text += self._explained(source)
        return text

    def _explained(self, source: Domain) -> str:
        """Return what the function interface has to say on the representation of a source."""
        if self._style != "leetcode":
            return ""
        if source.type is Type.TREE:
            return " Each `edges[j] = [u, v]` is an edge between the vertices `u` and `v`; the root is vertex 1."
        if source.type is Type.GRAPH:
            return " Each `edges[j] = [u, v]` is an edge between the vertices `u` and `v`."
        if source.type is Type.DIGRAPH:
            return " Each `edges[j] = [u, v]` is an arc from the vertex `u` to the vertex `v`."
        if source.type is Type.WGRAPH:
            return " Each `edges[j] = [u, v, w]` is an edge of weight `w` between the vertices `u` and `v`."
        return ""

    def _given_phrase(self) -> str:
        names = [self._math(name) for name in self._names.given]
        return f"an integer {names[0]}" if len(names) == 1 else f"{count_word(len(names))} integers {listed(names)}"

    def _noun_phrase(self, index: int) -> str:
        """Return "a sequence a of n integers" and its like."""
        source, symbol = self._sources[index], self._symbol(index)
        code = self._style == "leetcode"
        size = [self._math(name) for name in self._names.sizes[index]]
        connected = " connected" if "connected" in source.tags else ""
        match source.type:
            case Type.INT:
                return f"an integer {symbol}"
            case Type.INTS:
                if code:
                    return f"an integer array {symbol}"
                return f"a sequence {symbol} of {size[0]} integers"
            case Type.STR:
                return f"a string {symbol}"
            case Type.WORDS:
                return f"an array of strings {symbol}" if code else f"a list {symbol} of {size[0]} words"
            case Type.PAIRS:
                ends = "`[l, r]`" if code else f"[{self._sub('l')}, {self._sub('r')}]"
                if code:
                    return f"an array {symbol} of intervals {ends}"
                return f"a list {symbol} of {size[0]} intervals, the i-th of which is {ends}"
            case Type.GRID:
                shape = "" if code else f" with {size[0]} rows and {size[1]} columns"
                return f"a grid {symbol} of characters{shape}" if not code else f"a grid of characters {symbol}"
            case Type.MATRIX:
                return f"an integer matrix {symbol}" if code else (
                    f"a matrix {symbol} of integers with {size[0]} rows and {size[1]} columns"
                )  # fmt: skip
            case Type.TREE:
                return f"a tree {symbol} with {size[0]} vertices numbered from 1 to {size[0]}, rooted at vertex 1"
            case Type.GRAPH:
                kind = f"a{connected}" if connected else "an"
                return f"{kind} undirected graph {symbol} with {self._graph_size(index)}"
            case Type.DIGRAPH:
                kind = "an acyclic" if "acyclic" in source.tags else "a"
                return f"{kind} directed graph {symbol} with {self._graph_size(index)}"
            case Type.WGRAPH:
                return f"a{connected} weighted undirected graph {symbol} with {self._graph_size(index)}"
            case _:
                raise ValueError(f"{source.type} is no source type")

    def _graph_size(self, index: int) -> str:
        n, m = self._names.sizes[index]
        directed = self._sources[index].type is Type.DIGRAPH
        lines = "arcs" if directed else "edges"
        edges = f"the {lines} in the list `edges`" if self._style == "leetcode" else f"{self._math(m)} {lines}"
        return f"{self._math(n)} vertices numbered from 1 to {self._math(n)} and {edges}"

    # --- stdin in prose (Codeforces)

    def input_lines(self) -> str:
        """Describe stdin line by line with all bounds."""
        lines = []
        header = header_names(self._composition, self._names)
        if header:
            names = listed([self._math(name) for name in header])
            kind = "a single integer" if len(header) == 1 else f"{count_word(len(header))} integers"
            bounds = ", ".join(self._header_bounds())
            lines.append(f"The first line contains {kind} {names} ({bounds}).")
        at = 1 if header else 0
        for index, source in enumerate(self._sources):
            text, at = self._input_of(index, source, at)
            if text:
                lines.append(text)
        return "\n\n".join(lines)

    def _input_of(self, index: int, source: Domain, at: int) -> tuple[str, int]:
        """Return the description of a source's own lines, and the number of lines so far (-1: depends on sizes)."""
        name, sizes = self._names.values[index], self._names.sizes[index]
        place = f"The {_ORDINALS[at]} line" if 0 <= at < len(_ORDINALS) else "The next line"
        many = "Each of the next {} lines"
        match source.type:
            case Type.INT:
                return "", at
            case Type.STR:
                return (
                    f"{place} contains the string {self._symbol(index)} "
                    f"({between(source.size[0], f'|{name}|', source.size[1], self._style)}), which consists of "
                    f"{alphabet_phrase(source.alphabet)}."
                ), at + 1 if at >= 0 else at
            case Type.INTS:
                items = rf"${name}_1, {name}_2, \dots, {name}_{sizes[0]}$"
                return (
                    f"{place} contains {self._math(sizes[0])} integers {items} "
                    f"({between(source.values[0], f'{name}_i', source.values[1], self._style)}).{self._tags(index)}"
                ), at + 1 if at >= 0 else at
            case Type.WORDS:
                return (
                    f"The i-th of the next {self._math(sizes[0])} lines contains the word {self._symbol(index)['i']} "
                    f"({between(source.second[0], f'|{name}_i|', source.second[1], self._style)}), which consists of "
                    f"{alphabet_phrase(source.alphabet)}."
                ), -1
            case Type.PAIRS:
                low, high = number(source.values[0]), number(source.values[1])
                return (
                    f"The i-th of the next {self._math(sizes[0])} lines contains two integers $l_i$ and $r_i$ "
                    rf"(${low} \le l_i \le r_i \le {high}$)."
                ), -1
            case Type.GRID:
                return (
                    f"{many.format(self._math(sizes[0]))} contains a string of {self._math(sizes[1])} characters, one "
                    f"row of {self._symbol(index)}. The grid consists of {alphabet_phrase(source.alphabet)}."
                ), -1
            case Type.MATRIX:
                return (
                    f"{many.format(self._math(sizes[0]))} contains {self._math(sizes[1])} integers, one row of "
                    f"{self._symbol(index)}. Every entry is between "
                    f"${number(source.values[0])}$ and ${number(source.values[1])}$."
                ), -1
            case Type.TREE:
                return (
                    f"{many.format(f'${sizes[0]} - 1$')} contains two integers $u$ and $v$ "
                    rf"($1 \le u, v \le {sizes[0]}$, $u \ne v$), the ends of an edge."
                ), -1
            case Type.WGRAPH:
                low, high = number(source.values[0]), number(source.values[1])
                return (
                    f"{many.format(self._math(sizes[1]))} contains three integers $u$, $v$ and $w$ "
                    rf"($1 \le u, v \le {sizes[0]}$, $u \ne v$, ${low} \le w \le {high}$): an edge of weight $w$ "
                    f"between the vertices $u$ and $v$.{self._graph_promise(source)}"
                ), -1
            case _:
                what = "an arc from $u$ to $v$" if source.type is Type.DIGRAPH else "an edge between $u$ and $v$"
                return (
                    f"{many.format(self._math(sizes[1]))} contains two integers $u$ and $v$ "
                    rf"($1 \le u, v \le {sizes[0]}$, $u \ne v$): {what}.{self._graph_promise(source)}"
                ), -1

    def _graph_promise(self, source: Domain) -> str:
        if source.type is Type.DIGRAPH:
            acyclic = " The graph has no directed cycle." if "acyclic" in source.tags else ""
            return f" No arc is given twice.{acyclic}"
        connected = " The graph is connected." if "connected" in source.tags else ""
        return f" No two edges join the same pair of vertices.{connected}"

    def _tags(self, index: int) -> str:
        """Return the sentences that state the tags of a sequence."""
        source, symbol = self._sources[index], self._symbol(index)
        if "sorted" in source.tags:
            order = "strictly increasing" if "distinct" in source.tags else "non-decreasing"
            return f" The elements of {symbol} are in {order} order."
        return f" All elements of {symbol} are distinct." if "distinct" in source.tags else ""

    def _header_bounds(self) -> list[str]:
        """Return the bounds of the sizes, single numbers and given parameters, in the order of the first line."""
        bounds = []
        for index, source in enumerate(self._sources):
            sizes = [self._case(name) for name in self._names.sizes[index]]
            if source.type is Type.INT:
                bounds.append(between(*_around(source.values, self._case(self._names.values[index])), self._style))
            elif source.type in (Type.GRID, Type.MATRIX):
                bounds.append(between(*_around(source.size, sizes[0]), self._style))
                bounds.append(between(*_around(source.second, sizes[1]), self._style))
            elif source.type in GRAPH_TYPES - {Type.TREE}:
                bounds.append(between(*_around(source.size, sizes[0]), self._style))
                bounds.append(self._edge_bound(source, *sizes))
            elif sizes:
                bounds.append(between(*_around(source.size, sizes[0]), self._style))
        for given, name in zip(self._composition.given, self._names.given, strict=True):
            bounds.append(between(given.low, self._case(name), given.high, self._style))
        return bounds

    def _edge_bound(self, source: Domain, n: str, m: str) -> str:
        """Bound the number of edges of a simple graph."""
        low: int | str = f"{n} - 1" if "connected" in source.tags else source.second[0]
        directed = source.type is Type.DIGRAPH and "acyclic" not in source.tags
        if self._style == "leetcode":
            pairs = f"{n} * ({n} - 1)" if directed else f"{n} * ({n} - 1) / 2"
            return between(low, m, f"min({number(source.second[1], 'leetcode')}, {pairs})", self._style)
        pairs = f"{n}({n} - 1)" if directed else rf"\frac{{{n}({n} - 1)}}{{2}}"
        return between(low, m, rf"\min({number(source.second[1])}, {pairs})", self._style)

    # --- constraints (AtCoder, LeetCode)

    def constraints(self) -> list[str]:
        """Return every bound and promise as one line each."""
        code = self._style == "leetcode"
        lines = []
        header = iter(self._header_bounds())
        for index, source in enumerate(self._sources):
            name = self._case(self._names.values[index])
            if code and source.type not in GRAPH_TYPES:
                lines += self._code_bounds(index, source)
                for _ in range(len(self._names.sizes[index]) + (source.type is Type.INT)):
                    next(header)
                continue
            if source.type in GRAPH_TYPES and code:
                lines.append(next(header))
                if source.type is not Type.TREE:
                    lines.append(next(header).replace(f" {self._names.sizes[index][1]} ", " edges.length "))
                lines += self._code_edges(index, source)
                continue
            lines += [next(header) for _ in range(len(self._names.sizes[index]) + (source.type is Type.INT))]
            lines += self._element_bounds(index, source, name)
        lines += list(header)
        if not code and all(source.type not in (Type.STR, Type.WORDS, Type.GRID) for source in self._sources):
            lines.append("All values in the input are integers.")
        return lines

    def _element_bounds(self, index: int, source: Domain, name: str) -> list[str]:
        """Return the AtCoder bounds of what a source holds."""
        style, symbol = self._style, self._symbol(index)
        match source.type:
            case Type.INTS:
                lines = [between(source.values[0], f"{name}_i", source.values[1], style)]
                return lines + [sentence.strip() for sentence in self._tags(index).split(". ") if sentence.strip()]
            case Type.STR:
                return [
                    f"{symbol} is a string of length between {number(source.size[0])} and {number(source.size[1])}, "
                    f"inclusive, that consists of {alphabet_phrase(source.alphabet)}."
                ]
            case Type.WORDS:
                return [
                    f"{symbol['i']} is a string of length between {source.second[0]} and {source.second[1]}, "
                    f"inclusive, that consists of {alphabet_phrase(source.alphabet)}."
                ]
            case Type.PAIRS:
                low, high = number(source.values[0]), number(source.values[1])
                return [rf"${low} \le L_i \le R_i \le {high}$"]
            case Type.GRID:
                return [f"{symbol} consists of {alphabet_phrase(source.alphabet)}."]
            case Type.MATRIX:
                return [between(source.values[0], f"{name}_{{i,j}}", source.values[1], style)]
            case Type.TREE:
                n = self._case(self._names.sizes[index][0])
                return [rf"$1 \le U_j, V_j \le {n}$", "The given graph is a tree."]
            case Type.GRAPH | Type.DIGRAPH | Type.WGRAPH:
                n = self._case(self._names.sizes[index][0])
                lines = [rf"$1 \le U_j, V_j \le {n}$", r"$U_j \ne V_j$"]
                if source.type is Type.WGRAPH:
                    lines.append(between(source.values[0], "W_j", source.values[1], style))
                promises = self._graph_promise(source).strip().split(". ")
                return lines + [promise if promise.endswith(".") else promise + "." for promise in promises]
            case _:
                return []

    def _code_bounds(self, index: int, source: Domain) -> list[str]:
        """Return the LeetCode bounds of a source that is no graph."""
        name, style = self._names.values[index], self._style
        match source.type:
            case Type.INT:
                return [between(*_around(source.values, name), style)]
            case Type.STR:
                return [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    f"`{name}` consists of {alphabet_phrase(source.alphabet)}.",
                ]
            case Type.INTS:
                lines = [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    between(source.values[0], f"{name}[i]", source.values[1], style),
                ]
                return lines + [s if s.endswith(".") else s + "." for s in self._tags(index).strip().split(". ") if s]
            case Type.WORDS:
                return [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    between(source.second[0], f"{name}[i].length", source.second[1], style),
                    f"`{name}[i]` consists of {alphabet_phrase(source.alphabet)}.",
                ]
            case Type.PAIRS:
                low, high = number(source.values[0], style), number(source.values[1], style)
                return [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    f"`{low} <= l <= r <= {high}` for every interval `[l, r]`",
                ]
            case Type.GRID:
                return [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    between(source.second[0], f"{name}[i].length", source.second[1], style),
                    f"All rows have the same length and consist of {alphabet_phrase(source.alphabet)}.",
                ]
            case _:
                return [
                    between(source.size[0], f"{name}.length", source.size[1], style),
                    between(source.second[0], f"{name}[i].length", source.second[1], style),
                    "All rows have the same length.",
                    between(source.values[0], f"{name}[i][j]", source.values[1], style),
                ]

    def _code_edges(self, index: int, source: Domain) -> list[str]:
        """Return the LeetCode bounds of a list of edges."""
        n = self._names.sizes[index][0]
        lines = [f"`1 <= u, v <= {n}` and `u != v` for every edge"]
        if source.type is Type.TREE:
            return [f"`edges.length == {n} - 1`", *lines, "`edges` describes a tree."]
        if source.type is Type.WGRAPH:
            lines.append(between(source.values[0], "w", source.values[1], self._style))
        return [*lines, *(s if s.endswith(".") else s + "." for s in self._graph_promise(source).strip().split(". "))]

    # --- layout (AtCoder)

    def layout(self) -> str:
        """Return the format block of stdin."""
        lines = [" ".join(self._case(name) for name in header_names(self._composition, self._names))]
        if not lines[0]:
            lines = []
        for index, source in enumerate(self._sources):
            name = self._case(self._names.values[index])
            sizes = [self._case(size) for size in self._names.sizes[index]]
            match source.type:
                case Type.INTS:
                    lines.append(f"{name}_1 {name}_2 ... {name}_{sizes[0]}")
                case Type.STR:
                    lines.append(name)
                case Type.WORDS:
                    lines += [f"{name}_1", f"{name}_2", ":", f"{name}_{sizes[0]}"]
                case Type.PAIRS:
                    lines += ["L_1 R_1", "L_2 R_2", ":", f"L_{sizes[0]} R_{sizes[0]}"]
                case Type.GRID:
                    lines += [f"{name}_1", f"{name}_2", ":", f"{name}_{sizes[0]}"]
                case Type.MATRIX:
                    lines += [f"{name}_{{1,1}} ... {name}_{{1,{sizes[1]}}}", ":",
                              f"{name}_{{{sizes[0]},1}} ... {name}_{{{sizes[0]},{sizes[1]}}}"]  # fmt: skip
                case Type.TREE:
                    lines += ["U_1 V_1", "U_2 V_2", ":", f"U_{{{sizes[0]}-1}} V_{{{sizes[0]}-1}}"]
                case Type.GRAPH | Type.DIGRAPH:
                    lines += ["U_1 V_1", "U_2 V_2", ":", f"U_{sizes[1]} V_{sizes[1]}"]
                case Type.WGRAPH:
                    lines += ["U_1 V_1 W_1", "U_2 V_2 W_2", ":", f"U_{sizes[1]} V_{sizes[1]} W_{sizes[1]}"]
                case _:
                    pass
        return "\n".join(lines)

    # --- output

    def output(self) -> str:
        """Describe stdout."""
        answer = self._composition.answer
        match answer.type:
            case Type.INT:
                return "Print one integer: the answer."
            case Type.BOOL:
                return "Print `Yes` if this is the case, and `No` otherwise."
            case Type.STR:
                empty = " If it is empty, print an empty line." if answer.size[0] == 0 else ""
                return f"Print the resulting string.{empty}"
            case Type.INTS:
                if prints_length(answer):
                    return (
                        "On the first line, print the number of elements of the answer. On the second line, print the "
                        "elements in order, separated by spaces; leave this line empty if there are none."
                    )
                return "Print the elements of the answer in order on one line, separated by spaces."
            case Type.GRID | Type.MATRIX:
                unit = "rows"
            case _:
                unit = "elements"
        how = {
            Type.PAIRS: ", as two integers separated by a space",
            Type.MATRIX: ", as integers separated by spaces",
        }.get(answer.type, "")
        if prints_length(answer):
            return (
                f"On the first line, print the number of {unit} of the answer. Then print the {unit} in order, one per "
                f"line{how}."
            )
        return f"Print the {unit} of the answer in order, one per line{how}."

    def returned(self) -> str:
        """Return what LeetCode has to add on the shape of the result."""
        return ""

    # --- symbols

    def _symbol(self, index: int) -> Symbol:
        return Symbol(self._names.values[index], self._style)

    def _math(self, name: str) -> str:
        return str(Symbol(name, self._style))

    def _sub(self, name: str) -> str:
        return Symbol(name, self._style)["i"]

    def _case(self, name: str) -> str:
        return name.upper() if self._style == "atcoder" else name


def _around(bounds: tuple[int, int], name: str) -> tuple[int, str, int]:
    return bounds[0], name, bounds[1]
