"""Calibrated probabilities that a behaviour or an output is right, from a small fitted model that ships as data.

Behaviours follow a conditional logit with an outside option: exactly one of K behaviours is right, or none is, with
probabilities exp(wᵀφₖ) / (1 + Σ exp(wᵀφ)) and 1 / (1 + Σ exp(wᵀφ)). An output on one input is right if a behaviour that
gives it is right, or if no behaviour is right everywhere and this output is right nevertheless, which is a second
logit of the same form: P(output) = Σ P(behaviours that give it) + P(none) · h(output).
Why this and not another model: docs/adr/0004. The weights and where they come from: consensus.json.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from stepsmith.core.records import Record

Weights = dict[str, float]
Population = Literal["model-samples", "offline-teacher"]


class Regime(Record, frozen=True, kw_only=True):
    """Weights by the name of the evidence, for behaviours and for the outputs on one input."""

    behaviour: Weights
    output: Weights


class ConsensusModel(Record, frozen=True, kw_only=True):
    """The fitted model. Problems with worked examples and problems without them have separate weights."""

    with_examples: Regime
    without_examples: Regime
    provenance: dict[str, str]


@cache
def shipped_model(population: Population = "model-samples") -> ConsensusModel:
    """Return the model that ships with the package for candidates of a population.

    How much a vote is worth depends on who votes. "model-samples" was fitted on samples of a language model, most of
    which are wrong; use it for programs of unknown origin. "offline-teacher" was fitted on the simulated solvers of
    the offline teacher; use it for these only.
    """
    data = files("stepsmith.verify.labels").joinpath("consensus.json").read_bytes()
    return msgspec.json.decode(data, type=dict[Population, ConsensusModel])[population]


def choose(weights: Mapping[str, float], rows: Sequence[Mapping[str, float]]) -> list[float]:
    """Return the probability of each alternative; the rest to 1 is the probability that none is right."""
    scores = [sum(weights[name] * value for name, value in row.items()) for row in rows]
    top = max([0.0, *scores])
    terms = [math.exp(score - top) for score in scores]
    total = math.exp(-top) + sum(terms)
    return [term / total for term in terms]


def output_probabilities(
    weights: Mapping[str, float], mass: Sequence[float], none: float, rows: Sequence[Mapping[str, float]]
) -> list[float]:
    """Return the probability of each output on one input.

    ``mass`` is the probability of the behaviours that give it, ``none`` that no behaviour is right everywhere, and
    ``rows`` the evidence on each output in that case.
    """
    return [known + none * h for known, h in zip(mass, choose(weights, rows), strict=True)]


def output_features(
    votes: int, candidates: int, examples_share: float | None, passers_share: float
) -> dict[str, float]:
    """Return the evidence on one output of one input, for the case that no behaviour is right everywhere.

    ``votes`` of ``candidates`` give it; ``examples_share`` is the part of all reproduced examples that these account
    for and ``passers_share`` their part of the candidates that reproduce all examples (None: there are no examples).
    """
    row = {"bias": 1.0, "share": votes / candidates}
    if examples_share is None:
        return {**row, "votes": math.log2(votes)}
    return {**row, "examples": examples_share, "passers": passers_share}
