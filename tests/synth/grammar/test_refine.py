"""Refinement goes the right way, stays sound, changes something, and says what."""

import random
from collections import Counter

import pytest

from stepsmith.core.records import Direction
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import difficulty
from stepsmith.synth.grammar.program import render_program
from stepsmith.synth.grammar.refine import SIDEWAYS, refine
from stepsmith.synth.grammar.soundness import is_sound

from .conftest import Drawn


@pytest.mark.parametrize("direction", ["harder", "easier", "sideways"])
def test_one_change(compositions: list[Drawn], direction: Direction) -> None:
    fresh = 0
    for composition, interface in compositions[:40]:
        changed, sentence = refine(random.Random(composition.id), composition, direction)
        assert changed.id != composition.id
        assert changed.profile == composition.profile
        assert is_sound(changed)
        assert len(changed.steps) <= 6
        compile(render_program(changed, interface), "p", "exec")
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "_" not in sentence
        if sentence.startswith("Starts over"):
            fresh += 1
            continue
        gain = difficulty(changed) - difficulty(composition)
        assert {"harder": gain > 0, "easier": gain < 0, "sideways": abs(gain) <= SIDEWAYS}[direction], sentence
    assert fresh < 14


def test_many_kinds_of_change_turn_up() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(120):
        rng = random.Random(seed)
        composition = compose(rng)
        for direction in ("harder", "easier", "sideways"):
            kinds[refine(rng, composition, direction)[1].split()[0]] += 1
    assert {"Goes", "Inserts", "Replaces", "Drops", "Leaves", "Reads", "Fixes", "Lowers", "Changes", "Gives"} <= set(
        kinds
    )


def test_refinement_depends_on_the_generator_alone(compositions: list[Drawn]) -> None:
    for composition, _ in compositions[:12]:
        assert refine(random.Random(5), composition, "harder") == refine(random.Random(5), composition, "harder")


def test_six_turns_up_and_down_stay_within_the_grammar() -> None:
    for seed in range(10):
        rng = random.Random(seed)
        composition = compose(rng, profile="micro" if seed % 2 else "contest")
        for direction in ("harder", "harder", "harder", "easier", "easier", "easier"):
            composition, _ = refine(rng, composition, direction)
            composition.domains()
            assert len(composition.steps) <= 5 + (composition.profile == "contest")
