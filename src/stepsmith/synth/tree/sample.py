"""Drawing leaves for one problem, rare ones rather than common ones."""

import math
import random
from collections.abc import Mapping, Sequence

from stepsmith.synth.tree.merge import key_of
from stepsmith.synth.tree.tree import FeatureTree, Node, Path


def sample_leaves(
    tree: FeatureTree,
    count: int,
    rng: random.Random,
    used: Mapping[Path, int] | None = None,
    pull: Mapping[Path, float] | None = None,
) -> tuple[Path, ...]:
    """Draw up to ``count`` distinct leaves: together with their ancestors, a subtree of the tree.

    A leaf ℓ has frequency f(ℓ) = its ``seen`` in the tree + ``used[ℓ]``, how often earlier problems had it, and weight

        w(ℓ) = pull(ℓ) / (1 + f(ℓ))

    where pull is the largest factor that ``pull`` gives for ℓ or a node above it (1 without). The one keeps a leaf
    that was never met drawable, twice as likely as one met once. Leaves are drawn without replacement with
    probability proportional to w among those that are left, in one pass: each gets the key −ln(u)/w, u uniform in
    (0, 1], and the smallest keys win. That is the same distribution, since the smallest of independent exponentials of
    rates w is the i-th with probability wᵢ/Σw, and the rest are again exponential (Efraimidis and Spirakis 2006).
    To balance the categories, which differ in size, w(ℓ) is divided by the number of leaves in ℓ's category.
    Returned in the tree's order; the same generator state gives the same draw.
    """
    used, pull = used or {}, pull or {}
    keyed: list[tuple[float, Path]] = []
    for root in tree.roots:
        leaves = [(path, node) for path, node in root.walk() if not node.children and len(path) > 1]
        for path, node in leaves:
            weight = _pull(path, pull) / (1 + _frequency(path, node, used)) / len(leaves)
            key = -math.log(1.0 - rng.random()) / weight if weight > 0 else math.inf
            keyed.append((key, path))
    chosen = {path for key, path in sorted(keyed)[:count] if key < math.inf}
    return tuple(path for _, path in keyed if path in chosen)


def without(tree: FeatureTree, phrases: Sequence[str]) -> FeatureTree:
    """Return the tree without the nodes whose names hold one of ``phrases`` as whole words, and what is below them.

    A node that loses all its children goes, too: it was no leaf, and does not become one.
    """
    keys = [f" {key_of(phrase)} " for phrase in phrases]

    def kept(node: Node) -> Node | None:
        if any(key in f" {key_of(node.name)} " for key in keys):
            return None
        children = tuple(child for each in node.children if (child := kept(each)))
        return None if node.children and not children else Node(name=node.name, seen=node.seen, children=children)

    return FeatureTree(roots=tuple(root for each in tree.roots if (root := kept(each))))


def nearby(tree: FeatureTree, paths: Sequence[Path], count: int, rng: random.Random) -> tuple[Path, ...]:
    """Draw up to ``count`` leaves that are not in ``paths``: half of them, if there are, close relatives.

    Growing a problem's subtree takes features that go with it (the same grandparent) and others that surprise.
    """
    have = set(paths)
    grandparents = {path[:-2] for path in paths if len(path) > 3}
    others = [path for path in tree.leaves() if path not in have]
    close = [path for path in others if path[:-2] in grandparents]
    kin = rng.sample(close, min(len(close), (count + 1) // 2))
    rest = [path for path in others if path not in kin]
    chosen = {*kin, *rng.sample(rest, min(len(rest), count - len(kin)))}
    return tuple(path for path in others if path in chosen)


def _frequency(path: Path, node: Node, used: Mapping[Path, int]) -> int:
    return node.seen + used.get(path, 0)


def _pull(path: Path, pull: Mapping[Path, float]) -> float:
    factors = [pull[path[:end]] for end in range(1, len(path) + 1) if path[:end] in pull] if pull else []
    return max(factors, default=1.0)
