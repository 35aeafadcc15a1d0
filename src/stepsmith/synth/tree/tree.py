"""The feature tree's records: nodes, paths, and counts over them. A tree is a value; operations return new ones."""

from collections import Counter
from collections.abc import Iterable, Iterator

from stepsmith.core.records import Record

Path = tuple[str, ...]  # names from the category down

# X-Coder's seven kinds of feature (arXiv 2601.06953).
CATEGORIES: tuple[str, ...] = (
    "algorithm",
    "data structure",
    "problem type",
    "implementation logic",
    "complexity",
    "optimisation",
    "mathematics",
)


class Node(Record, frozen=True, kw_only=True):
    """A feature with its sub-features. ``seen``: in how many snippets it, or one of its sub-features, was found."""

    name: str
    seen: int = 0
    children: tuple["Node", ...] = ()

    def walk(self, above: Path = ()) -> Iterator[tuple[Path, "Node"]]:
        """Yield (path, node) of this node and all below, parents first."""
        path = (*above, self.name)
        yield path, self
        for child in self.children:
            yield from child.walk(path)


class FeatureTree(Record, frozen=True, kw_only=True):
    """A forest whose roots are categories; siblings have different names."""

    roots: tuple[Node, ...] = ()

    def walk(self) -> Iterator[tuple[Path, Node]]:
        """Yield (path, node) of every node, parents first."""
        for root in self.roots:
            yield from root.walk()

    def find(self, path: Iterable[str]) -> Node | None:
        """Return the node at ``path``, by exact names, or None."""
        level, found = self.roots, None
        for name in path:
            found = next((node for node in level if node.name == name), None)
            if found is None:
                return None
            level = found.children
        return found

    def leaves(self) -> tuple[Path, ...]:
        """Return the paths of the nodes without children, in the tree's order."""
        return tuple(path for path, node in self.walk() if not node.children)

    def size(self) -> int:
        """Return the number of nodes, categories included."""
        return sum(1 for _ in self.walk())


class TreeCounts(Record, frozen=True, kw_only=True):
    """Nodes and leaves by category, nodes by depth (a category has depth 1)."""

    nodes: dict[str, int]
    leaves: dict[str, int]
    by_depth: dict[int, int]


def count(tree: FeatureTree) -> TreeCounts:
    """Count a tree: nodes and leaves of each category (the category itself is not counted), nodes of each depth."""
    nodes: Counter[str] = Counter({root.name: 0 for root in tree.roots})
    leaves: Counter[str] = Counter({root.name: 0 for root in tree.roots})
    depths: Counter[int] = Counter()
    for path, node in tree.walk():
        depths[len(path)] += 1
        if len(path) > 1:
            nodes[path[0]] += 1
            leaves[path[0]] += not node.children
    return TreeCounts(nodes=dict(nodes), leaves=dict(leaves), by_depth=dict(sorted(depths.items())))


def text_of(path: Path) -> str:
    """Write a path as in ``FeatureUse.category``: ``algorithm/sorting/inversions``."""
    return "/".join(path)


def path_of(text: str) -> Path:
    """Read a path as ``text_of`` writes it; blanks around names and empty names are passed over."""
    return tuple(name for part in text.split("/") if (name := " ".join(part.split())))
