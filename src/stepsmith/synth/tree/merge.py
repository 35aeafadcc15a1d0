"""Merge trees: names that differ only in case, plural, hyphens or spelling become one node."""

import re
import unicodedata
from collections.abc import Iterable

from stepsmith.synth.tree.tree import CATEGORIES, FeatureTree, Node, Path

MAX_NAME = 60  # characters; longer ones are sentences, not features
MAX_DEPTH = 8  # deeper paths are cut

_SPELLINGS = (
    (re.compile(r"iz(e[dsr]?|ing|ation)\b"), r"is\1"),
    (re.compile(r"our(s|ed|ing)?\b"), r"or\1"),
    (re.compile(r"\bcentre"), "center"),
)
_KEEPS_S = ("ss", "us", "is", "as", "os")  # class, radius, analysis, bias, chaos
_WORDS = {
    "vertices": "vertex", "indices": "index", "matrices": "matrix", "leaves": "leaf", "halves": "half",
    "analyses": "analysis", "bases": "base", "dp": "dynamic programming", "bfs": "breadth first search",
    "dfs": "depth first search", "dsu": "union find", "xor": "exclusive or", "gcd": "greatest common divisor",
    "lcm": "least common multiple", "lca": "lowest common ancestor", "mst": "minimum spanning tree",
    "lis": "longest increasing subsequence", "lcs": "longest common subsequence",
}  # fmt: skip
_CATEGORY_KEYS: dict[str, str] = {}


def key_of(name: str) -> str:
    """Return a key that is equal for names of the same feature: without case, plural, hyphens and articles."""
    plain = unicodedata.normalize("NFKC", name).casefold().replace("’", "'").replace("'s ", " ")
    words = re.sub(r"[\s\-_‐-―]+", " ", re.sub(r"[\"'`().,:;]", "", plain)).split()
    singular = (_WORDS.get(word, _singular(word)) for word in words if word not in ("a", "an", "the"))
    key = " ".join(singular)
    for pattern, replacement in _SPELLINGS:
        key = pattern.sub(replacement, key)
    return key


def clean_name(name: str) -> str:
    """Return a name as it is stored: one line, no slash, no quotes or final stop; "" where nothing usable is left."""
    text = " ".join(unicodedata.normalize("NFKC", name).replace("/", " or ").split()).strip(" \"'`.,:;-*#")
    text = re.sub(r"\s+x\d+$", "", text)  # would be read back as a count
    return text if len(text) <= MAX_NAME else ""


def category_of(name: str) -> str | None:
    """Return the one of the seven categories that ``name`` means, or None."""
    if not _CATEGORY_KEYS:
        _CATEGORY_KEYS.update({key_of(category): category for category in CATEGORIES})
    return _CATEGORY_KEYS.get(key_of(name))


def merge(*trees: FeatureTree) -> FeatureTree:
    """Merge trees: nodes whose names have the same key under the same parent become one, and ``seen`` adds up.

    The first spelling stays and so does the first order; merging a tree with an empty one gives it back. A tree merged
    with itself keeps its shape.
    """
    return FeatureTree(roots=_merge_level([root for tree in trees for root in tree.roots]))


def with_paths(tree: FeatureTree, paths: Iterable[Path]) -> FeatureTree:
    """Return ``tree`` with every path present and each node on any of them seen once more, however many name it.

    Paths are merged as ``merge`` does. Names are cleaned; a path ends before a name that cannot be used, at
    ``MAX_DEPTH``, and is passed over unless it starts with one of the seven categories.
    """
    chains = [chain for path in paths if (chain := _chain(path))]
    return merge(tree, FeatureTree(roots=tuple(_seen_once(root) for root in _merge_level(chains))))


def _seen_once(node: Node) -> Node:
    return Node(name=node.name, seen=1, children=tuple(_seen_once(child) for child in node.children))


def _chain(path: Path) -> Node | None:
    category = category_of(path[0]) if path else None
    if category is None:
        return None
    names = [category]
    for name in path[1:MAX_DEPTH]:
        cleaned = clean_name(name)
        if not cleaned:
            break
        names.append(cleaned)
    if len(names) == 1:
        return None
    node = Node(name=names[-1])
    for name in reversed(names[:-1]):
        node = Node(name=name, children=(node,))
    return node


def _merge_level(nodes: Iterable[Node]) -> tuple[Node, ...]:
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        groups.setdefault(key_of(node.name) or node.name, []).append(node)
    return tuple(
        Node(
            name=group[0].name,
            seen=sum(node.seen for node in group),
            children=_merge_level(child for node in group for child in node.children),
        )
        for group in groups.values()
    )


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("shes", "ches", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEEPS_S):
        return word[:-1]
    return word
