"""The figures of the two-stage method: those that the paper states, and ours where it is silent."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from stepsmith.core.ids import content_id
from stepsmith.core.records import Record
from stepsmith.synth.tree.text import read_tree, starter_tree
from stepsmith.synth.tree.tree import FeatureTree

VERSION_DIGITS = 12
Positive = Annotated[int, Meta(ge=1)]


class TwoStageSettings(Record, frozen=True, kw_only=True):
    """Table ``[two_stage]`` of a configuration."""

    tree_version: str = ""  # hash of its content; filled in when a run starts
    # Features with these words in a name are not drawn: they contradict what a plan may be (no interaction, no floating
    # point). Ours.
    avoid: tuple[str, ...] = ("interactive", "real-valued", "floating", "floating-point", "noisy", "approximation")
    leaves: Positive = 12  # of the sampled subtree; ours
    least_chosen: Positive = 2  # features that a problem rests on; ours
    most_chosen: Positive = 4
    seed_pull: float = 3.0  # weight of leaves that the chain's seed shows, relative to the others; 1: X-Coder, ours 3
    samples: Positive = 2  # X-Coder: at least two
    min_statement_tokens: Positive = 200  # X-Coder
    prompted_inputs: int = 15  # X-Coder; 0: none by prompting
    generator: bool = True  # inputs by a CYaRon program, too
    generator_cases: Positive = 5  # X-Coder: at least five kinds of case
    generated_inputs: Positive = 20  # ours; the paper's suites have 13.6 (prompted) and 18.3 (generated) tests
    generator_time_s: float = 10.0
    max_input_chars: Positive = 200_000  # ours
    min_inputs: Positive = 8  # valid ones, the samples among them; ours
    solutions: Positive = 8  # candidates that vote, spread over the solvers; X-Coder compares 4, 8 and 16
    max_reply_tokens: Positive = 25_000  # X-Coder
    time_limit_s: float = 2.0

    def resolve(self, tree: FeatureTree) -> "TwoStageSettings":
        """Return these settings with the version of the tree, so that a changed tree is another run."""
        version = content_id("tree", tree).removeprefix("tree_")[:VERSION_DIGITS]
        return msgspec.structs.replace(self, tree_version=version)


def tree_at(path: str) -> FeatureTree:
    """Return the feature tree in a file; "": the starter tree. Raises ``UserError`` for a file that cannot be used."""
    return read_tree(Path(path).expanduser()) if path else starter_tree()
