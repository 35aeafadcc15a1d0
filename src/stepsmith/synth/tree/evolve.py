"""Evolution: a model adds siblings to nodes of the tree (wider), and children to nodes without any (deeper)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.records import Record
from stepsmith.llm.parsing import ParseFailure
from stepsmith.llm.protocol import LLM
from stepsmith.synth.tree.asking import AT_ONCE, ask_each
from stepsmith.synth.tree.homes import Homes
from stepsmith.synth.tree.merge import MAX_DEPTH, clean_name, key_of, merge
from stepsmith.synth.tree.text import format_tree
from stepsmith.synth.tree.tree import FeatureTree, Node, Path, TreeCounts, count, path_of, text_of

if TYPE_CHECKING:
    from stepsmith.prompts.library import PromptLibrary  # needs the extra `llm`

EVOLVE = "features/evolve"
PURPOSE = "evolve features"
CONTEXT_LINES = 200  # most lines of the tree that a request shows


class EvolveSettings(Record, frozen=True, kw_only=True):
    """How much is asked for. X-Coder asks for at least two siblings per node; the other figures are our choice."""

    requests: int = 20
    nodes_per_request: int = 4
    siblings: int = 2
    children: int = 2
    seed: int = 0
    at_once: int = AT_ONCE  # requests in flight


class Evolution(Record, frozen=True, kw_only=True):
    """The larger tree and what was done to it."""

    tree: FeatureTree
    before: TreeCounts
    after: TreeCounts
    requests: int
    asked: int  # nodes that were asked about
    widened: int  # nodes that got at least the requested number of new siblings
    deepened: int  # nodes that got at least the requested number of children
    repeated: int  # proposals that their parent had already, also in another spelling
    elsewhere: int  # proposals that are already at another place of the category
    unusable: int  # empty names, sentences, paths that were not asked about
    failures: tuple[ParseFailure, ...] = ()


class _NodeExtension(msgspec.Struct):
    path: str
    siblings: list[str] = []
    children: list[str] = []


class _Extensions(msgspec.Struct):
    nodes: list[_NodeExtension]


def evolve(
    llm: LLM,
    prompts: "PromptLibrary",
    tree: FeatureTree,
    settings: EvolveSettings = EvolveSettings(),  # noqa: B008 - frozen
) -> Evolution:
    """Extend ``tree`` by ``settings.requests`` requests, each over nodes below one node of depth 2.

    In a pass every such node is asked about once, so that the requests of a pass are independent and can run at the
    same time; the next pass sees the larger tree. The result does not depend on ``settings.at_once``. Every node of the
    input is in the result, with its place and count; new nodes have ``seen`` 0.
    """
    rng = random.Random(settings.seed)
    tally = _EvolutionTally()
    grown, requests = tree, 0
    while requests < settings.requests and (groups := _targets(grown, settings, rng)[: settings.requests - requests]):
        texts = [
            prompts.render(
                EVOLVE,
                excerpt=_excerpt(grown, targets),
                targets=[text_of(path) for path in targets],
                breadth=settings.siblings,
                depth=settings.children,
            )
            for targets in groups
        ]
        replies = ask_each(llm, prompts, texts, _Extensions, PURPOSE, settings.at_once)
        growth = _GrownTree(grown)
        for targets, reply in zip(groups, replies, strict=True):
            tally.asked += len(targets)
            if isinstance(reply, ParseFailure):
                tally.failures.append(reply)
            else:
                _take(reply, targets, growth, settings, tally)
        grown = growth.tree()
        requests += len(groups)
    return Evolution(
        tree=grown, before=count(tree), after=count(grown), requests=requests, asked=tally.asked,
        widened=tally.widened, deepened=tally.deepened, repeated=tally.repeated, elsewhere=tally.elsewhere,
        unusable=tally.unusable, failures=tuple(tally.failures),
    )  # fmt: skip


@dataclass(slots=True)
class _EvolutionTally:
    asked: int = 0
    widened: int = 0
    deepened: int = 0
    repeated: int = 0
    elsewhere: int = 0
    unusable: int = 0
    failures: list[ParseFailure] = field(default_factory=list)


class _GrownTree:
    """A tree, and the nodes that one pass adds to it; they are merged at the end of the pass."""

    def __init__(self, tree: FeatureTree) -> None:
        self._tree = tree
        self._homes = Homes(tree)
        self._present = {_keys(path) for path, _ in tree.walk()}
        self._added: list[Path] = []

    def add(self, parent: Path, names: Sequence[str], tally: _EvolutionTally) -> int:
        """Add children to ``parent`` and return how many are new; count the others."""
        new = 0
        for raw in names:
            name = clean_name(raw)
            path = (*parent, name)
            if not name or not parent:
                tally.unusable += 1
            elif _keys(path) in self._present:
                tally.repeated += 1
            elif self._homes.of(parent[0], name):
                tally.elsewhere += 1
            else:
                new += 1
                self._present.add(_keys(path))
                self._homes.add(path)
                self._added.append(path)
        return new

    def tree(self) -> FeatureTree:
        """Return the tree with all added nodes."""
        return merge(self._tree, *(FeatureTree(roots=(_chain(path),)) for path in self._added))


def _take(
    reply: _Extensions, targets: Sequence[Path], growth: _GrownTree, settings: EvolveSettings, tally: _EvolutionTally
) -> None:
    """Add the proposals of a completion for the nodes that were asked about."""
    by_key = {_keys(path): path for path in targets}
    for entry in reply.nodes:
        path = by_key.get(_keys(path_of(entry.path)))
        if path is None:
            tally.unusable += len(entry.siblings) + len(entry.children)
            continue
        siblings = growth.add(path[:-1], entry.siblings, tally)
        children = growth.add(path, entry.children if len(path) < MAX_DEPTH else [], tally)
        tally.widened += siblings >= settings.siblings
        tally.deepened += children >= settings.children


def _targets(tree: FeatureTree, settings: EvolveSettings, rng: random.Random) -> list[list[Path]]:
    """Return, for each request of a pass, some nodes below one node of depth 2; the categories take turns."""
    groups: list[list[list[Path]]] = []
    for root in tree.roots:
        below = [
            [path for path, _ in branch.walk((root.name,))] for branch in rng.sample(root.children, len(root.children))
        ]
        groups.append([rng.sample(paths, min(settings.nodes_per_request, len(paths))) for paths in below])
    in_turn = [
        group[place] for place in range(max(map(len, groups), default=0)) for group in groups if place < len(group)
    ]
    return [sorted(paths) for paths in in_turn]


def _excerpt(tree: FeatureTree, targets: Sequence[Path]) -> str:
    """Return the text of the branch that holds the targets, and of the names next to it."""
    root = tree.find(targets[0][:1]) or Node(name=targets[0][0])
    branch = targets[0][1]
    shown = tuple(child if child.name == branch else Node(name=child.name) for child in root.children)
    text = format_tree(FeatureTree(roots=(Node(name=root.name, children=shown),)))
    return "\n".join(text.splitlines()[:CONTEXT_LINES])


def _chain(path: Path) -> Node:
    node = Node(name=path[-1])
    for name in reversed(path[:-1]):
        node = Node(name=name, children=(node,))
    return node


def _keys(path: Path) -> Path:
    return tuple(key_of(name) for name in path)
