"""Calibrated beliefs: a choice among behaviours, or none of them, by a small fitted model shipped as data.

The model is a conditional logit with an outside option: of K behaviours exactly one is right or none is, with
probabilities exp(wᵀφₖ) / (1 + Σ exp(wᵀφ)) and 1 / (1 + Σ exp(wᵀφ)). Labels are a second such choice, among the outputs
on one input. Why this and not another model: docs/adr/0004. The weights and where they come from: consensus.json.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from stepsmith.core.records import Record

Weights = dict[str, float]


class Regime(Record, frozen=True, kw_only=True):
    """Weights by name of the evidence, for behaviours and for the outputs on one input."""

    behaviour: Weights
    label: Weights


class ConsensusModel(Record, frozen=True, kw_only=True):
    """The fitted model; statements with worked examples and those without are worlds apart, so each has its own."""

    with_examples: Regime
    without_examples: Regime
    provenance: dict[str, str]


@cache
def default_model() -> ConsensusModel:
    """The model that ships with the package."""
    data = files("stepsmith.verify").joinpath("consensus.json").read_bytes()
    return msgspec.json.decode(data, type=ConsensusModel)


def choose(weights: Mapping[str, float], rows: Sequence[Mapping[str, float]]) -> list[float]:
    """The probability of each alternative; what is missing to 1 is the probability that none is right."""
    scores = [sum(weights[name] * value for name, value in row.items()) for row in rows]
    top = max([0.0, *scores])
    terms = [math.exp(score - top) for score in scores]
    total = math.exp(-top) + sum(terms)
    return [term / total for term in terms]


def label_features(mass: float, votes: int, examples_share: float | None, candidates: int) -> dict[str, float]:
    """The evidence on one output of one input.

    ``mass`` is the probability of the behaviours that give it, ``votes`` the candidates that do, and
    ``examples_share`` the part of all reproduced examples that these candidates account for (None: no examples).
    """
    bounded = min(max(mass, 0.001), 0.999)
    row = {"bias": 1.0, "mass": math.log(bounded / (1 - bounded)), "votes": math.log2(votes)}
    if examples_share is None:
        row["share"] = votes / candidates
    else:
        row["examples"] = examples_share
    return row
