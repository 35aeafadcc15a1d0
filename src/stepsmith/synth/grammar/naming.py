"""What the values of a composition are called, in its program and in its statement."""

import re
from dataclasses import dataclass
from functools import cache

from stepsmith.core.records import Interface
from stepsmith.synth.grammar.composition import FEATURES, Composition
from stepsmith.synth.grammar.domain import GRAPH_TYPES, Type

# Letters by type, for stdio sources and for every derived value. i and j are left to positions.
_LETTERS: dict[Type, str] = {
    Type.INTS: "abcdefz",
    Type.STR: "stuvz",
    Type.WORDS: "wvuz",
    Type.PAIRS: "pqz",
    Type.GRID: "gfz",
    Type.MATRIX: "abcdz",
    Type.INT: "xyzpqrt",
    Type.BOOL: "z",
    Type.TREE: "TUV",
    Type.GRAPH: "GHF",
    Type.DIGRAPH: "GHF",
    Type.WGRAPH: "GHF",
}
_WORDS: dict[Type, tuple[str, ...]] = {
    Type.INTS: ("nums", "others"),
    Type.STR: ("s", "t"),
    Type.WORDS: ("words", "others"),
    Type.PAIRS: ("intervals", "others"),
    Type.GRID: ("grid", "other"),
    Type.MATRIX: ("matrix", "other"),
    Type.INT: ("x", "y"),
}
_COUNTS = ("n", "m", "l", "r")
_SIDES = ("h", "w", "p", "q")
_PARAMETERS = "kdqrtuvwxyz"


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the values (sources first), of the sizes of each source, and of the given parameters.

    A graph is named by its letter here; programs see its components, ``components(i)``. No two names differ
    in case only, so that a style may capitalise them.
    """

    values: tuple[str, ...]
    sizes: tuple[tuple[str, ...], ...]
    given: tuple[str, ...]
    types: tuple[Type, ...]

    def components(self, value: int) -> tuple[str, ...]:
        """Return the names of the variables that hold a value: a graph takes two."""
        if self.types[value] not in GRAPH_TYPES:
            return (self.values[value],)
        if value < len(self.sizes):
            return self.sizes[value][0], "edges"
        derived = [i for i in range(len(self.sizes), value) if self.types[i] in GRAPH_TYPES]
        number = str(len(derived) + 1) if derived else ""
        return f"nodes{number}", f"links{number}"


def name_values(composition: Composition, interface: Interface) -> Names:
    """Choose names: letters as contests use them, or descriptive argument names for the function interface."""
    if composition.profile == "micro":
        return Names(("x",) * (1 + len(composition.steps)), ((),), (), _types(composition))
    taken: set[str] = {"i", "j"} | ({"u", "v"} if _has_graph(composition) else set())
    for feature in composition.features:
        taken |= _own_names(feature.name)
    sizes = tuple(_size_names(source.type, taken) for source in composition.sources)
    values: list[str] = []
    for source in composition.sources:
        if interface == "function" and source.type not in GRAPH_TYPES:
            choices: tuple[str, ...] = (*_WORDS[source.type], *_LETTERS[source.type])
        else:
            choices = tuple(_LETTERS[source.type])
        values.append(_take(choices, taken))
    given = tuple(_take((parameter.name, *_PARAMETERS), taken) for parameter in composition.given)
    for step in composition.steps[:-1]:
        values.append(_take(tuple(_LETTERS[FEATURES[step.feature].gives]), taken))
    values.append("answer")
    return Names(tuple(values), sizes, given, _types(composition))


def _has_graph(composition: Composition) -> bool:
    """Say whether some value is a graph: its edges take the letters u and v in statements."""
    return any(source.type in GRAPH_TYPES for source in composition.sources)


@cache
def _own_names(feature: str) -> frozenset[str]:
    """Return the letters that a feature's texts use for themselves, and the names that its expressions bind."""
    texts = re.sub(r"\{[^}]*\}", "", " ".join((*FEATURES[feature].let, *FEATURES[feature].ask)))
    letters = re.findall(r"(?<![\w'])([b-z])(?![\w'])", texts)
    pieces = [FEATURES[feature].code, FEATURES[feature].slow, *(wrong.new for wrong in FEATURES[feature].wrong)]
    text = " ".join(piece for piece in pieces if isinstance(piece, str))
    bound = re.findall(r"\bfor\s+\(?([\w, ]+?)\)?\s+in\b", text) + re.findall(r"\blambda\s+([\w, ]+):", text)
    return frozenset((*letters, *(name.strip() for names in bound for name in names.split(","))))


def _types(composition: Composition) -> tuple[Type, ...]:
    return (*(source.type for source in composition.sources), *(feature.gives for feature in composition.features))


def _size_names(type_: Type, taken: set[str]) -> tuple[str, ...]:
    """Name the sizes of a source; a string has none, because it stands on a line of its own."""
    if type_ in (Type.INT, Type.STR):
        return ()
    if type_ in (Type.GRID, Type.MATRIX):
        return _take(_SIDES, taken), _take(_SIDES, taken)
    if type_ in (Type.INTS, Type.WORDS, Type.PAIRS, Type.TREE):
        return (_take(_COUNTS, taken),)
    return _take(_COUNTS, taken), _take(_COUNTS, taken)


def _take(choices: tuple[str, ...], taken: set[str]) -> str:
    """Take the first free name, whatever its case; when all are gone, the first one with a number."""
    for name in choices:
        if name.lower() not in taken:
            taken.add(name.lower())
            return name
    number = 2
    while f"{choices[0]}{number}".lower() in taken:
        number += 1
    taken.add(f"{choices[0]}{number}".lower())
    return f"{choices[0]}{number}"
