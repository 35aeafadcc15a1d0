"""Evolution: a model widens the tree (new siblings) and deepens it (children of nodes that have none yet)."""

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.records import Record
from stepsmith.llm.parsing import ParseFailure, ask, parse_json
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message
from stepsmith.synth.tree.merge import MAX_DEPTH, clean_name, key_of, merge
from stepsmith.synth.tree.text import format_tree
from stepsmith.synth.tree.tree import FeatureTree, Node, Path, TreeCounts, count, path_of, text_of

if TYPE_CHECKING:
    from stepsmith.prompts.library import PromptLibrary  # needs the extra `llm`

PURPOSE = "evolve features"
CONTEXT_LINES = 200  # of the tree that a request shows


class EvolveSettings(Record, frozen=True, kw_only=True):
    """How much is asked for. X-Coder asks for at least two siblings a node; the other figures are ours."""

    requests: int = 20
    nodes_per_request: int = 4
    siblings: int = 2
    children: int = 2
    seed: int = 0


class Evolution(Record, frozen=True, kw_only=True):
    """The larger tree and what was done to it."""

    tree: FeatureTree
    before: TreeCounts
    after: TreeCounts
    asked: int  # nodes
    widened: int  # nodes that got at least the siblings asked for, new ones
    deepened: int  # nodes that got at least the children asked for
    repeated: int  # proposals that the tree had already, under whatever spelling
    unusable: int  # empty names, sentences, paths that were not asked about
    failures: tuple[ParseFailure, ...] = ()


class _Extended(msgspec.Struct):
    path: str
    siblings: list[str] = []
    children: list[str] = []


class _Reply(msgspec.Struct):
    nodes: list[_Extended]


def evolve(
    llm: LLM,
    prompts: "PromptLibrary",
    tree: FeatureTree,
    settings: EvolveSettings = EvolveSettings(),  # noqa: B008 - frozen
) -> Evolution:
    """Extend ``tree`` by ``settings.requests`` requests, each over nodes under one grandparent or category.

    The nodes asked about are drawn without replacement, those with the fewest siblings first within a request. Every
    node of the input is in the result, with its place and count; what comes new has ``seen`` 0.
    """
    grown = tree
    asked = widened = deepened = repeated = unusable = 0
    failures: list[ParseFailure] = []
    for targets in _targets(tree, settings):
        text = prompts.render(
            "features/evolve",
            excerpt=_excerpt(grown, targets),
            targets=[text_of(path) for path in targets],
            breadth=settings.siblings,
            depth=settings.children,
        )
        asked += len(targets)
        reply = ask(
            llm,
            [Message(role="user", content=text)],
            lambda answer: parse_json(answer, _Reply),
            lambda failure: prompts.render("features/repair", detail=failure.detail),
            purpose=PURPOSE,
        )
        if isinstance(reply, ParseFailure):
            failures.append(reply)
            continue
        by_key = {_keys(path): path for path in targets}
        for entry in reply.nodes:
            path = by_key.get(_keys(path_of(entry.path)))
            if path is None:
                unusable += len(entry.siblings) + len(entry.children)
                continue
            grown, siblings = _grown(grown, path[:-1], entry.siblings)
            grown, children = _grown(grown, path, entry.children if len(path) < MAX_DEPTH else [])
            for proposed, new in ((entry.siblings, siblings), (entry.children, children)):
                usable = sum(bool(clean_name(name)) for name in proposed)
                unusable += len(proposed) - usable
                repeated += max(0, usable - new)
            widened += siblings >= settings.siblings
            deepened += children >= settings.children
    return Evolution(
        tree=grown, before=count(tree), after=count(grown), asked=asked, widened=widened, deepened=deepened,
        repeated=repeated, unusable=unusable, failures=tuple(failures),
    )  # fmt: skip


def _targets(tree: FeatureTree, settings: EvolveSettings) -> list[list[Path]]:
    """For each request some nodes below one node of depth 2, categories taken in turn; drawn by the seed."""
    rng = random.Random(settings.seed)
    groups: list[list[list[Path]]] = []
    for root in tree.roots:
        below = [
            [path for path, _ in branch.walk((root.name,))] for branch in rng.sample(root.children, len(root.children))
        ]
        groups.append([rng.sample(paths, min(settings.nodes_per_request, len(paths))) for paths in below])
    in_turn = [
        group[place] for place in range(max(map(len, groups), default=0)) for group in groups if place < len(group)
    ]
    return [sorted(paths) for paths in in_turn[: settings.requests]]


def _excerpt(tree: FeatureTree, targets: Sequence[Path]) -> str:
    """The branch that the targets lie in, and the names beside it."""
    root = tree.find(targets[0][:1]) or Node(name=targets[0][0])
    branch = targets[0][1]
    shown = tuple(child if child.name == branch else Node(name=child.name) for child in root.children)
    text = format_tree(FeatureTree(roots=(Node(name=root.name, children=shown),)))
    return "\n".join(text.splitlines()[:CONTEXT_LINES])


def _grown(tree: FeatureTree, parent: Path, names: Sequence[str]) -> tuple[FeatureTree, int]:
    """Add children to ``parent``; return the tree and how many were new."""
    children = tuple(Node(name=name) for raw in names if (name := clean_name(raw)))
    if not children or not parent:
        return tree, 0
    node = Node(name=parent[-1], children=children)
    for name in reversed(parent[:-1]):
        node = Node(name=name, children=(node,))
    larger = merge(tree, FeatureTree(roots=(node,)))
    return larger, larger.size() - tree.size()


def _keys(path: Path) -> Path:
    return tuple(key_of(name) for name in path)
