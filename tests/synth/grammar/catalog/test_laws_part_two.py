"""Every feature on graphs, trees, grids and intervals, and every recursive or counting one, keeps the laws."""

import pytest

from stepsmith.synth.grammar.catalog import (
    combinatorics,
    digraphs,
    dp,
    dp_tables,
    graphs,
    greedy,
    grids,
    intervals,
    number_theory,
    parsing,
    recursion,
    trees,
    weighted_graphs,
)
from stepsmith.synth.grammar.feature import Feature

from .laws import LAWS

MODULES = (
    graphs,
    weighted_graphs,
    digraphs,
    trees,
    dp,
    dp_tables,
    number_theory,
    grids,
    greedy,
    intervals,
    combinatorics,
    parsing,
    recursion,
)
FEATURES = tuple(feature for module in MODULES for feature in module.FEATURES)


def test_names_are_unique() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_law(feature: Feature, law: str) -> None:
    LAWS[law](feature)
