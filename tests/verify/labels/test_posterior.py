import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.verify.labels.posterior import choose, output_features, output_probabilities, shipped_model


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=8))
def test_choices_leave_room_for_none(scores):
    probabilities = choose({"s": 1.0}, [{"s": s} for s in scores])
    none = 1 / (1 + sum(math.exp(s) for s in scores))
    assert math.isclose(sum(probabilities) + none, 1, abs_tol=1e-9)
    mixed = output_probabilities({"s": 1.0}, [0.5] + [0.0] * (len(scores) - 1), 0.5, [{"s": s} for s in scores])
    assert 0.5 <= mixed[0] <= sum(mixed) <= 1 + 1e-9


@pytest.mark.parametrize("population", ["model-samples", "offline-teacher"])
def test_the_shipped_models_are_complete_and_say_where_they_come_from(population):
    model = shipped_model(population)
    assert {"command", "data", "method", "reported"} <= set(model.provenance)
    assert model.with_examples.behaviour["passes"] > 0
    assert model.with_examples.behaviour["passes:size"] > 0 > model.with_examples.behaviour["passes:rivals"]
    assert model.without_examples.behaviour["size"] > 0 > model.without_examples.behaviour["fails"]


def test_the_evidence_on_an_output():
    assert output_features(4, 8, None, 0.5) == {"bias": 1.0, "share": 0.5, "votes": 2.0}
    assert output_features(4, 8, 0.25, 0.5) == {"bias": 1.0, "share": 0.5, "examples": 0.25, "passers": 0.5}
