"""The features, one module per family; each exports FEATURES."""

from stepsmith.synth.grammar.catalog import (
    arrays,
    digraphs,
    dp,
    dp_tables,
    graphs,
    maps,
    micro,
    stacks,
    strings,
    trees,
    weighted_graphs,
)
from stepsmith.synth.grammar.feature import Feature

ALL_FEATURES: tuple[Feature, ...] = (
    *micro.FEATURES,
    *arrays.FEATURES,
    *strings.FEATURES,
    *maps.FEATURES,
    *stacks.FEATURES,
    *dp.FEATURES,
    *dp_tables.FEATURES,
    *trees.FEATURES,
    *graphs.FEATURES,
    *digraphs.FEATURES,
    *weighted_graphs.FEATURES,
)
