"""Drawing compositions: deterministic, sound, steered by the seed; the record round-trips and has a content id."""

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from stepsmith.core.records import Seed
from stepsmith.synth.grammar.catalog import ALL_FEATURES
from stepsmith.synth.grammar.compose import CannotComposeError, compose, is_micro
from stepsmith.synth.grammar.composition import FEATURES, Composition, Given, Step, difficulty, propagate
from stepsmith.synth.grammar.domain import ints, string
from stepsmith.synth.grammar.program import render_program
from stepsmith.synth.grammar.soundness import is_sound
from stepsmith.synth.signals import SIGNALS, Signal, read_signals
from tests.synth.grammar.catalog.laws import LAWS

from .conftest import Drawn


def test_the_catalog_is_wide_enough_and_its_names_and_signals_are_known() -> None:
    assert len(ALL_FEATURES) == len(FEATURES) >= 40
    assert {signal for feature in ALL_FEATURES for signal in feature.signals} <= set(SIGNALS)
    assert sum(is_micro(feature) for feature in ALL_FEATURES) >= 36
    families = {"/".join(feature.category.split("/")[:2]) for feature in ALL_FEATURES}
    assert len(families) >= 20


MICRO_LAWS = [law for law in LAWS if law not in ("text_reads", "large_inputs_are_fast")]  # one wording is enough here


@pytest.mark.parametrize("law", MICRO_LAWS)
@pytest.mark.parametrize("name", [feature.name for feature in ALL_FEATURES if is_micro(feature)])
def test_one_liners_keep_the_laws_of_the_catalog(name: str, law: str) -> None:
    feature = FEATURES[name]
    # Their bounds are those of one parameter value; a composition takes the hull over both ends (tested below).
    constants = tuple(replace(param, given=None) for param in feature.params)
    LAWS[law](replace(feature, params=constants))


def test_every_feature_can_be_reached() -> None:
    """Each feature alone is drawable when the weights exclude what it does not need."""
    unreachable = []
    for feature in ALL_FEATURES:
        weights = {other.name: 0.0 for other in ALL_FEATURES if other is not feature}
        try:
            compose(random.Random(1), weights=weights, steps=1)
        except CannotComposeError:
            unreachable.append(feature.name)
    # These say something of a whole chain only: alone, their answers vary too little on small inputs.
    assert len(unreachable) <= 4, unreachable


def test_the_same_seed_gives_the_same_composition() -> None:
    assert [compose(random.Random(s)).id for s in range(20)] == [compose(random.Random(s)).id for s in range(20)]
    assert len({compose(random.Random(s)).id for s in range(60)}) >= 58


def test_hash_randomisation_changes_nothing() -> None:
    program = (
        "import random\n"
        "from stepsmith.core.ids import content_id\n"
        "from stepsmith.synth.grammar.compose import compose\n"
        "from stepsmith.synth.grammar.inputs import make_inputs\n"
        "from stepsmith.synth.grammar.samples import sample_cases\n"
        "from stepsmith.synth.grammar.program import render_program\n"
        "from stepsmith.synth.grammar.refine import harder\n"
        "from stepsmith.synth.grammar.statement import write_statement\n"
        "from stepsmith.synth.grammar.variants import wrong_variants\n"
        "parts = []\n"
        "for seed in range(12):\n"
        "    rng = random.Random(seed)\n"
        "    c, change = harder(rng, compose(rng))\n"
        "    parts += [c.id, change, render_program(c, 'stdio')]\n"
        "    parts += [repr(make_inputs(rng, c)), repr(sample_cases(rng, c))]\n"
        "    parts += [v.code for v in wrong_variants(c, 'stdio', rng)]\n"
        "    parts += [write_statement(c, 'codeforces', []).text]\n"
        "print(content_id('x', parts))\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(digests) == 1


def test_records_round_trip(compositions: list[Drawn]) -> None:
    for composition, _ in compositions:
        data = msgspec.json.encode(composition)
        again = msgspec.json.decode(data, type=Composition)
        assert again == composition
        assert again.id == composition.id


def test_the_id_leaves_out_what_led_to_a_step() -> None:
    step = Step(feature="keep_above", inputs=(0,), constants=(("k", 3),))
    base = Composition(profile="contest", sources=(ints((1, 9), (0, 9)),), steps=(step,))
    led = msgspec.structs.replace(base, steps=(msgspec.structs.replace(step, signal="loop", seed_lines=(4,)),))
    other = msgspec.structs.replace(base, steps=(msgspec.structs.replace(step, constants=(("k", 4),)),))
    assert base.id == led.id != other.id


def test_steps_and_target_are_honoured() -> None:
    for steps in (1, 2, 3, 5):
        lengths = [len(compose(random.Random(s), steps=steps).steps) for s in range(20)]
        assert max(lengths) == steps
        assert sum(length == steps for length in lengths) >= 16
    easy = [difficulty(compose(random.Random(s), target=-2.0)) for s in range(15)]
    hard = [difficulty(compose(random.Random(s), target=2.5)) for s in range(15)]
    assert max(easy) < min(hard)


def test_drawn_compositions_are_sound_and_within_the_profile(compositions: list[Drawn]) -> None:
    for composition, _ in compositions:
        assert is_sound(composition)
        assert 1 <= len(composition.steps) <= 6
        names = [step.feature for step in composition.steps]
        assert all(a != b for a, b in pairwise(names))
        used = {i for step in composition.steps for i in step.inputs}
        assert used == set(range(len(composition.sources) + len(composition.steps) - 1))  # no dead code
        if composition.profile == "micro":
            assert all(is_micro(feature) for feature in composition.features)
            assert not composition.given


@pytest.mark.parametrize(
    "steps",
    [
        ("sort_up", "total"),  # order does not change a sum
        ("reverse", "reverse"),
        ("absolute_values", "squares"),
        ("sort_up", "sort_down"),
        ("unique_in_order", "count_distinct"),
        ("mirror", "largest"),
    ],
)
def test_a_step_that_changes_nothing_is_unsound(steps: tuple[str, ...]) -> None:
    chain = tuple(Step(feature=name, inputs=(i,)) for i, name in enumerate(steps))
    assert not is_sound(Composition(profile="micro", sources=(ints((0, 10), (-20, 20)),), steps=chain))
    last = Composition(
        profile="micro", sources=(ints((0, 10), (-20, 20)),), steps=(Step(feature=steps[0], inputs=(0,)),)
    )
    assert is_sound(last)


def test_an_answer_that_hangs_on_the_length_alone_is_unsound() -> None:
    doubled = Step(feature="double_letters", inputs=(0,))
    source = string((0, 10), "abc")
    counted = Step(feature="letter_numbers", inputs=(1,)), Step(feature="count_even", inputs=(2,))
    assert is_sound(Composition(profile="micro", sources=(source,), steps=(doubled, *counted)))
    rising = Step(feature="least_rising", inputs=(0,)), Step(feature="longest_rise", inputs=(1,))
    assert not is_sound(Composition(profile="contest", sources=(ints((1, 50), (0, 20)),), steps=rising))


def test_bounds_hold_for_every_value_of_a_given_parameter() -> None:
    step = Step(feature="take_first", inputs=(0,), given=(Given(name="k", low=1, high=100),))
    domains = propagate((ints((5, 50), (0, 9)),), (step,))
    assert domains is not None
    assert domains[-1].size == (1, 50)


def test_signals_of_the_seed_steer_the_choice_and_are_recorded() -> None:
    signals = (Signal(name="sorted call", lines=(7, 9)),)
    called = {feature.name for feature in ALL_FEATURES if "sorted call" in feature.signals}

    def share(with_signals: tuple[Signal, ...]) -> float:
        steps = [step for s in range(150) for step in compose(random.Random(s), with_signals).steps]
        return sum(step.feature in called for step in steps) / len(steps)

    assert share(signals) > 1.5 * share(())
    for seed in range(40):
        for step, use in zip(*(lambda c: (c.steps, c.uses()))(compose(random.Random(seed), signals)), strict=True):
            assert (use.signal, use.seed_lines) == (("sorted call", (7, 9)) if step.feature in called else ("", ()))


def test_real_seeds_lead_to_features() -> None:
    code = (
        "def f(items):\n"
        "    seen = {}\n"
        "    for item in sorted(items):\n"
        "        seen[item] = seen.get(item, 0) + 1\n"
        "    return seen"
    )
    signals = read_signals(Seed(source="f.py", first_line=10, code=code))
    uses = [use for number in range(60) for use in compose(random.Random(number), signals).uses()]
    lines = {line for use in uses for line in use.seed_lines}
    assert lines <= set(range(10, 15))
    assert len(lines) >= 3


def test_an_impossible_request_is_said_to_be_one() -> None:
    with pytest.raises(CannotComposeError, match="profile micro"):
        compose(random.Random(0), profile="micro", weights=dict.fromkeys(FEATURES, 0.0))


def test_large_bounds_keep_programs_small() -> None:
    counts = Counter(len(render_program(compose(random.Random(s)), "stdio").split("\n")) > 150 for s in range(40))
    assert counts[True] == 0
