"""Extraction and evolution, through a scripted model."""

import json
import threading

import msgspec

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.core.records import Seed
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.tree.evolve import EvolveSettings, evolve
from stepsmith.synth.tree.extract import extract, extract_offline, seed_paths
from stepsmith.synth.tree.merge import key_of, with_paths
from stepsmith.synth.tree.text import starter_tree
from stepsmith.synth.tree.tree import FeatureTree, path_of
from tests.synth.two_stage.scripted import ScriptedLLM, ScriptedModel

CODE = "import heapq\nfor a in b:\n    a.sort()\n    c[a] = heapq.heappop(q)\n"
SEEDS = [Seed(source=f"s{i}.py", first_line=10, code=CODE) for i in range(7)]


class Fixed:
    """Gives the same reply to everything, and keeps the conversations."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.conversations: list[list[str]] = []

    def complete(self, messages, n=1, sampling=None, purpose=""):
        self.conversations.append([message.content for message in messages])
        text = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return [ModelOutput(content=text, finish_reason="stop", model="fixed", sample=0, usage=Usage())]


def test_extraction_batches_seeds_and_merges_spellings():
    brain = ScriptedModel()
    found = extract(ScriptedLLM(brain), PromptLibrary(), SEEDS, batch=3)
    assert brain.asked == {"extract": 3}
    assert (found.snippets, found.with_features, found.mentions, found.outside) == (7, 7, 28, 0)
    assert [root.name for root in found.tree.roots] == [
        "algorithm", "data structure", "implementation logic", "mathematics"
    ]  # fmt: skip
    node = found.tree.find(("algorithm", "Sorting", "custom orders", "several keys"))
    assert node is not None
    assert node.seen == 7
    assert "heapq" in brain.prompts[0]


def test_an_unreadable_reply_is_asked_for_again_once_and_then_left_out_with_its_text():
    good = json.dumps({"snippets": [{"snippet": 1, "features": ["algorithm/sorting", "cooking/eggs"]}]})
    llm = Fixed("I cannot.", good)
    found = extract(llm, PromptLibrary(), SEEDS[:1])
    assert found.tree.leaves() == (("algorithm", "sorting"),)
    assert (found.mentions, found.outside, found.failures) == (2, 1, ())
    assert len(llm.conversations[1]) == 3
    assert llm.conversations[1][1] == "I cannot."

    found = extract(Fixed("I cannot."), PromptLibrary(), SEEDS[:2], batch=2)
    assert found.tree.size() == 0
    assert [(f.reason, f.raw) for f in found.failures] == [("no-json", "I cannot.")]


def test_offline_extraction_reads_the_syntax():
    found = extract_offline(SEEDS)
    assert (found.snippets, found.with_features) == (7, 7)
    assert found.tree.find(("data structure", "heap", "scheduling")).seen == 7  # type: ignore[union-attr]
    assert seed_paths(SEEDS[0])["algorithm", "sorting", "custom order"] == (12,)
    assert all(starter_tree().find(path) for path, _ in found.tree.walk())


def test_evolution_widens_and_deepens_and_loses_nothing():
    tree = starter_tree()
    settings = EvolveSettings(requests=7, nodes_per_request=3)
    evolution = evolve(ScriptedLLM(ScriptedModel()), PromptLibrary(), tree, settings)
    after = {path for path, _ in evolution.tree.walk()}
    assert {path for path, _ in tree.walk()} <= after
    assert evolution.asked == evolution.widened == evolution.deepened == 21
    grown = {name for name, nodes in evolution.after.nodes.items() if nodes > evolution.before.nodes[name]}
    assert len(grown) == 7, "categories are asked about in turn"
    assert evolution.after.by_depth[4] > evolution.before.by_depth[4]
    assert max(evolution.after.by_depth) == 5
    assert len(after) == tree.size() + 4 * 21


def test_evolution_does_not_add_what_is_there_or_was_not_asked_about():
    tree = starter_tree()
    siblings = ["Two-Pointers", "searching", "sentence " * 20]
    llm = Fixed(json.dumps({"nodes": [{"path": "algorithm/cooking", "siblings": ["a"], "children": ["b", "c"]}]}))
    evolution = evolve(llm, PromptLibrary(), tree, EvolveSettings(requests=1))
    assert evolution.tree == tree
    assert evolution.unusable == 3
    asked = llm.conversations[0][0]
    target = next(line[2:] for line in asked.splitlines() if line.startswith("- "))
    parent = tuple(target.split("/")[:-1])
    known = [child.name.upper() for child in tree.find(parent).children]  # type: ignore[union-attr]
    llm = Fixed(json.dumps({"nodes": [{"path": target, "siblings": [*known, siblings[2]], "children": []}]}))
    evolution = evolve(llm, PromptLibrary(), tree, EvolveSettings(requests=1))
    assert evolution.tree == tree
    assert (evolution.repeated, evolution.unusable, evolution.widened) == (len(known), 1, 0)
    assert key_of(known[0]) == key_of(known[0].lower())


def test_a_feature_has_one_home_in_its_category():
    """What models propose below one node often stands elsewhere already."""
    tree = with_paths(
        FeatureTree(),
        [path_of(text) for text in ("algorithm/two pointers", "algorithm/sorting/gaps", "algorithm/graph/weighted")],
    )
    asked = {"path": "algorithm/sorting/gaps", "siblings": ["Two-Pointers", "graphs", "weighted", "Meet in the Middle"]}
    again = {"path": "algorithm/graph/weighted", "siblings": ["meet in the middle"], "children": ["meet in the middle"]}
    reply = json.dumps({"nodes": [asked, again]})
    evolution = evolve(Fixed(reply), PromptLibrary(), tree, EvolveSettings(requests=9))
    leaves = {"/".join(path) for path in evolution.tree.leaves()}
    assert "algorithm/sorting/weighted" in leaves, "a single word takes its meaning from the names above it"
    assert sum("eet in the" in leaf for leaf in leaves) == 1
    assert not any("sorting/Two-Pointers" in leaf or "sorting/graphs" in leaf for leaf in leaves)
    assert evolution.elsewhere >= 3


def test_extraction_puts_a_feature_where_the_tree_has_it():
    into = with_paths(FeatureTree(), [path_of("algorithm/searching/two pointers/converging")])
    named = ["algorithm/Two-Pointers/sliding", "algorithm/line sweep/events", "algorithm/geometry/line sweep/slabs"]
    llm = Fixed(json.dumps({"snippets": [{"snippet": 1, "features": named}]}))
    found = extract(llm, PromptLibrary(), SEEDS[:1], into=into)
    assert {"/".join(path) for path in found.tree.leaves()} == {
        "algorithm/searching/two pointers/sliding", "algorithm/line sweep/events", "algorithm/geometry/line sweep/slabs"
    }  # fmt: skip


def test_evolution_asks_at_once_and_the_result_does_not_depend_on_it():
    class Waits(ScriptedLLM):
        """Answers when as many requests are in flight as it was told to wait for."""

        def __init__(self, together: int) -> None:
            super().__init__(ScriptedModel())
            self.barrier = threading.Barrier(together, timeout=60)

        def complete(self, *given, **more):
            self.barrier.wait()
            return super().complete(*given, **more)

    tree = starter_tree()
    settings = EvolveSettings(requests=12, nodes_per_request=2)
    at_once = evolve(Waits(6), PromptLibrary(), tree, msgspec.structs.replace(settings, at_once=6))
    assert at_once == evolve(Waits(1), PromptLibrary(), tree, msgspec.structs.replace(settings, at_once=1))


def test_more_requests_than_branches_are_passes_over_the_larger_tree():
    tree = with_paths(FeatureTree(), [path_of("algorithm/sorting/gaps")])
    evolution = evolve(ScriptedLLM(ScriptedModel()), PromptLibrary(), tree, EvolveSettings(requests=5))
    assert evolution.requests == 5
    assert evolution.tree.size() > tree.size() + 4


def test_the_prompt_explains_the_counts_that_it_shows():
    tree = with_paths(with_paths(FeatureTree(), [path_of("algorithm/sorting/gaps")]), [path_of("algorithm/sorting")])
    llm = Fixed('{"nodes": []}')
    evolve(llm, PromptLibrary(), tree, EvolveSettings(requests=1))
    prompt = llm.conversations[0][0]
    assert "  sorting x2" in prompt
    assert '"x12" after a name says' in prompt


def test_evolution_keeps_unreadable_replies():
    evolution = evolve(Fixed("no"), PromptLibrary(), starter_tree(), EvolveSettings(requests=2))
    assert evolution.tree == starter_tree()
    assert [failure.raw for failure in evolution.failures] == ["no", "no"]
