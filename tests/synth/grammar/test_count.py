"""The count of distinct problems is exact: it equals an enumeration where one is possible."""

import random
from collections import Counter as Tally

from stepsmith.synth.grammar.catalog import ALL_FEATURES
from stepsmith.synth.grammar.compose import is_micro
from stepsmith.synth.grammar.composition import Step, propagate
from stepsmith.synth.grammar.count import INNER_VALUES, LAST_VALUES, Counter, constants_of


def enumerated() -> set[str]:
    """All micro compositions of two steps, by brute force."""
    features = [feature for feature in ALL_FEATURES if is_micro(feature)]
    found = set()
    for source in Counter("micro").sources():
        for one in features:
            for two in features:
                if one is two or one.takes != (source.type,) or two.takes != (one.gives,):
                    continue
                for a in constants_of(one, INNER_VALUES):
                    for b in constants_of(two, LAST_VALUES):
                        steps = (
                            Step(feature=one.name, inputs=(0,), constants=a),
                            Step(feature=two.name, inputs=(1,), constants=b),
                        )
                        if propagate([source], steps):
                            found.add(repr((source, steps)))
    return found


def test_the_count_equals_an_enumeration() -> None:
    assert Counter("micro").total(2) == len(enumerated())


def test_draws_are_uniform_over_what_is_counted() -> None:
    counter, rng = Counter("micro"), random.Random(0)
    everything = enumerated()
    drawn = Tally(repr((c.sources[0], c.steps)) for c in (counter.draw(rng, 2) for _ in range(4000)))
    assert set(drawn) <= everything
    expected = len(everything) * (1 - (1 - 1 / len(everything)) ** 4000)  # distinct values in uniform draws
    assert abs(len(drawn) - expected) < 0.05 * expected


def test_three_steps_make_tens_of_millions_already() -> None:
    """The full count (four steps, at least 10^9) is what the command prints; it takes minutes."""
    counter = Counter("contest")
    assert counter.total(2) > 10**6
