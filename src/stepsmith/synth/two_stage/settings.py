"""The settings of the two-stage method: the paper's figures, and our choice if it gives none."""

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
    """The table ``[two_stage]`` of a configuration."""

    tree_version: str = ""  # hash of the tree's content; Stepsmith fills it in when a run starts
    # Features with these words in a name are not drawn: they contradict what a plan may be (no interaction, no floating
    # point). Ours.
    avoid: tuple[str, ...] = ("interactive", "real-valued", "floating", "floating-point", "noisy", "approximation")
    leaves: Positive = 12  # leaves of the sampled subtree; our choice
    least_chosen: Positive = 2  # fewest features that a problem combines; our choice
    most_chosen: Positive = 4
    seed_pull: float = 3.0  # weight of leaves that the chain's seed shows, relative to the others; 1: X-Coder, ours 3
    samples: Positive = 2  # X-Coder: at least two
    min_statement_tokens: Positive = 200  # X-Coder
    prompted_inputs: int = 15  # inputs that the model is asked for; X-Coder; 0: none
    generator: bool = True  # also make inputs with a CYaRon program
    generator_cases: Positive = 5  # X-Coder: at least five kinds of case
    generated_inputs: Positive = 20  # ours; the paper's suites have 13.6 (prompted) and 18.3 (generated) tests
    generator_time_s: float = 10.0
    max_input_chars: Positive = 200_000  # our choice
    # A problem without an input as long as this is not kept if its generator failed; our choice.
    large_input_chars: int = 5_000
    min_inputs: Positive = 8  # fewest valid inputs, including the samples; our choice
    solutions: Positive = 8  # candidates that vote, spread over the solvers; X-Coder compares 4, 8 and 16
    max_completion_tokens: Positive = 25_000  # longer completions of solvers are dropped; X-Coder
    time_limit_s: float = 2.0

    def resolve(self, tree: FeatureTree) -> "TwoStageSettings":
        """Return these settings with the version of the tree, so that a changed tree is another run."""
        version = content_id("tree", tree).removeprefix("tree_")[:VERSION_DIGITS]
        return msgspec.structs.replace(self, tree_version=version)


def tree_at(path: str) -> FeatureTree:
    """Return the feature tree in a file; "": the starter tree. Raises ``UserError`` for a file that cannot be used."""
    return read_tree(Path(path).expanduser()) if path else starter_tree()
