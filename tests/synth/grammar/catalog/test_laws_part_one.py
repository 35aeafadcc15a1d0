"""Every feature on sequences, strings, words and numbers keeps the laws of the catalog."""

import pytest

from stepsmith.synth.grammar.catalog import (
    arrays,
    binary_search,
    bits,
    maps,
    prefix_sums,
    queues_heaps,
    simulation,
    sorting,
    stacks,
    strings,
    two_pointers,
    words,
)
from stepsmith.synth.grammar.feature import Feature

from .laws import LAWS

FEATURES = tuple(
    feature
    for module in (
        arrays,
        strings,
        words,
        maps,
        sorting,
        two_pointers,
        prefix_sums,
        binary_search,
        stacks,
        queues_heaps,
        bits,
        simulation,
    )
    for feature in module.FEATURES
)


def test_names_are_unique() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_law(feature: Feature, law: str) -> None:
    LAWS[law](feature)
