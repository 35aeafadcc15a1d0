"""Extract features from code snippets: with a model, or without one from signals in the syntax tree."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.records import Record, Seed
from stepsmith.llm.parsing import ParseFailure
from stepsmith.llm.protocol import LLM
from stepsmith.synth.signals import read_signals
from stepsmith.synth.tree.asking import AT_ONCE, ask_each
from stepsmith.synth.tree.homes import Homes
from stepsmith.synth.tree.merge import category_of, merge, with_paths
from stepsmith.synth.tree.tree import CATEGORIES, FeatureTree, Path, path_of

if TYPE_CHECKING:
    from stepsmith.prompts.library import PromptLibrary  # needs the extra `llm`

BATCH = 5  # snippets per request; our choice, X-Coder gives no figure
PURPOSE = "extract features"


class Extraction(Record, frozen=True, kw_only=True):
    """A tree of the features that were found, and counts."""

    tree: FeatureTree
    snippets: int
    with_features: int
    mentions: int  # features that were named, with repetitions
    outside: int  # names that belong to none of the seven categories
    failures: tuple[ParseFailure, ...] = ()  # batches whose answer could not be read, even after a repair


class _SnippetFeatures(msgspec.Struct):
    snippet: int
    features: list[str]


class _Features(msgspec.Struct):
    snippets: list[_SnippetFeatures]


def extract(
    llm: LLM,
    prompts: "PromptLibrary",
    seeds: Sequence[Seed],
    batch: int = BATCH,
    *,
    into: FeatureTree = FeatureTree(),  # noqa: B008 - frozen
    at_once: int = AT_ONCE,
) -> Extraction:
    """Ask ``llm`` for the features of every seed, ``batch`` seeds per request, ``at_once`` requests at a time.

    If a completion cannot be read, it is requested once more; if that fails, its text goes into ``failures``. ``seen``
    of a node is the number of snippets with this feature or one below it. A feature that is already in ``into``, or in
    an earlier snippet, is put at the same place (``Homes``).
    """
    parts = [seeds[first : first + batch] for first in range(0, len(seeds), batch)]
    texts = [
        prompts.render("features/extract", categories=CATEGORIES, snippets=[seed.code for seed in part])
        for part in parts
    ]
    found = _Found(into)
    for part, reply in zip(parts, ask_each(llm, prompts, texts, _Features, PURPOSE, at_once), strict=True):
        if isinstance(reply, ParseFailure):
            found.failures.append(reply)
            continue
        named: dict[int, list[str]] = {}
        for entry in reply.snippets:
            if 1 <= entry.snippet <= len(part):
                named.setdefault(entry.snippet, []).extend(entry.features)
        for features in named.values():
            found.add([path_of(feature) for feature in features])
    return found.extraction(len(seeds))


def extract_offline(seeds: Sequence[Seed]) -> Extraction:
    """Extract features without a model: ``SIGNAL_PATHS`` maps each signal of a seed to paths of the starter tree."""
    found = _Found(FeatureTree())
    for seed in seeds:
        found.add(list(seed_paths(seed)))
    return found.extraction(len(seeds))


def seed_paths(seed: Seed) -> dict[Path, tuple[int, ...]]:
    """Return the nodes of the starter tree that a seed's code shows, each with its line numbers."""
    lines: dict[Path, set[int]] = {}
    for signal in read_signals(seed):
        for path in SIGNAL_PATHS.get(signal.name, ()):
            lines.setdefault(path_of(path), set()).update(signal.lines)
    return {path: tuple(sorted(where)) for path, where in lines.items()}


class _Found:
    """Collects the features of one snippet after the other."""

    def __init__(self, into: FeatureTree) -> None:
        self._homes = Homes(into)
        self.trees: list[FeatureTree] = []  # one per snippet, merged at the end
        self.with_features = self.mentions = self.outside = 0
        self.failures: list[ParseFailure] = []

    def add(self, paths: list[Path]) -> None:
        self.mentions += len(paths)
        known = [self._homes.settled(path) for path in paths if len(path) > 1 and category_of(path[0])]
        self.outside += len(paths) - len(known)
        self.with_features += bool(known)
        self.trees.append(with_paths(FeatureTree(), known))

    def extraction(self, snippets: int) -> Extraction:
        order = {name: place for place, name in enumerate(CATEGORIES)}
        roots = sorted(merge(*self.trees).roots, key=lambda root: order[root.name])
        return Extraction(
            tree=FeatureTree(roots=tuple(roots)),
            snippets=snippets,
            with_features=self.with_features,
            mentions=self.mentions,
            outside=self.outside,
            failures=tuple(self.failures),
        )


# The paths of the starter tree that each signal stands for; signals that say nothing about a problem are left out.
SIGNAL_PATHS: dict[str, tuple[str, ...]] = {
    "loop": ("implementation logic/iteration/single pass",),
    "while loop": ("implementation logic/iteration/until stable",),
    "nested loops": ("implementation logic/iteration/nested passes", "complexity/quadratic/pair table"),
    "nesting": ("implementation logic/branching/nested conditions",),
    "comparison": ("implementation logic/branching/case analysis",),
    "boolean logic": ("implementation logic/branching/boolean combination", "mathematics/logic/propositions"),
    "recursion": ("algorithm/recursion/recurrence", "algorithm/recursion/divide and conquer"),
    "dict use": ("data structure/hash map/counting", "data structure/hash map/grouping"),
    "set use": ("data structure/hash set/membership", "mathematics/set theory/operations"),
    "sorted call": ("algorithm/sorting/custom order", "complexity/linearithmic/sort first"),
    "reversed order": ("implementation logic/iteration/backward pass",),
    "slicing": ("implementation logic/array/reordering", "problem type/contiguous segment"),
    "modular arithmetic": ("mathematics/number theory/congruences", "implementation logic/indexing/wrap-around"),
    "integer division": ("mathematics/number theory/divisors",),
    "multiplication": ("mathematics/sums and series/pairwise products",),
    "power": ("mathematics/number theory/powers",),
    "number theory": ("mathematics/number theory/divisor algorithm", "mathematics/number theory/primes"),
    "digits": ("mathematics/number theory/digits",),
    "bit operations": ("algorithm/bit manipulation/representation", "optimisation/state compression/bitmask"),
    "string scanning": ("algorithm/string/words", "algorithm/string/matching"),
    "string building": ("implementation logic/text building/joining",),
    "parsing": ("algorithm/parsing/formats", "implementation logic/input handling/mixed tokens"),
    "regular expression": ("algorithm/parsing/grammars", "implementation logic/state/finite automaton"),
    "stack use": ("data structure/stack/reduction", "data structure/stack/undo history"),
    "queue use": ("data structure/queue/round robin", "problem type/simulation/event queue"),
    "heap use": ("data structure/heap/scheduling", "data structure/heap/k smallest"),
    "accumulation": ("algorithm/prefix sums/counting", "implementation logic/iteration/single pass"),
    "counting": ("data structure/hash map/counting", "implementation logic/state/counters"),
    "min/max": ("problem type/optimisation goal/minimise the maximum", "complexity/linear/one scan"),
    "search": ("algorithm/searching/linear search", "implementation logic/branching/guard clauses"),
    "bisect": ("algorithm/searching/binary search", "complexity/logarithmic/halving"),
    "index arithmetic": ("implementation logic/indexing/offsets", "implementation logic/array/neighbours"),
    "grid": ("problem type/grid/neighbourhood", "implementation logic/data layout/flattened grid"),
    "graph": ("algorithm/graph/traversal", "algorithm/graph/connectivity"),
    "tree": ("algorithm/tree/traversal", "algorithm/tree/ancestors"),
    "pairs": ("implementation logic/array/elementwise", "implementation logic/data layout/tuples as records"),
    "interval": ("problem type/interval/union", "problem type/interval/sweep"),
    "list comprehension": ("implementation logic/array/partition",),
    "generator": ("implementation logic/iteration/lazy streams",),
    "lambda": ("implementation logic/functions/closures",),
    "memo": ("implementation logic/functions/memoisation", "algorithm/dynamic programming/linear"),
    "simulation": ("problem type/simulation/machine", "implementation logic/state/clock"),
    "exception handling": ("implementation logic/functions/exceptions",),
    "class": ("implementation logic/data layout/objects",),
    "conditional expression": ("implementation logic/branching/tie breaking",),
    "early exit": ("optimisation/pruning/feasibility",),
    "arithmetic": ("mathematics/algebra/sequences",),
    "absolute difference": ("problem type/geometry/distance",),
    "combinatorics": ("mathematics/combinatorics/selections", "algorithm/searching/exhaustive search"),
}
