"""Measures of diversity on sets whose diversity is known."""

import math
from pathlib import Path

import numpy as np
import pytest

from stepsmith.curate.diversity import diversity, feature_vectors, shapes_of, vendi_score
from stepsmith.curate.problem_table import read_table
from tests.curate.problems import ISLANDS, LONGEST_RUN, RENAMED_ISLANDS, WORDS, made, write_set


def test_vendi_score_counts_what_is_orthogonal() -> None:
    one, other = np.array([1, 0, 0], np.float32), np.array([0, 1, 0], np.float32)
    assert vendi_score(np.stack([one] * 5)) == pytest.approx(1)
    assert vendi_score(np.stack([one, other] * 5)) == pytest.approx(2)
    assert vendi_score(np.stack([one] * 9 + [other])) == pytest.approx(
        math.exp(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    )
    assert vendi_score(np.zeros((0, 3), np.float32)) == 0.0


def test_vendi_score_is_that_of_the_kernel_matrix() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(vectors.astype(np.float64) @ vectors.T / 30)
    values = values[values > 1e-12]
    assert vendi_score(vectors) == pytest.approx(np.exp(-(values * np.log(values)).sum()), rel=1e-5)


def test_feature_vectors_are_unit_vectors() -> None:
    vectors = feature_vectors([("a", "b", "a"), (), ("b",), ()])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1])
    assert vectors[1] @ vectors[3] == pytest.approx(1)
    assert vectors[0] @ vectors[2] == pytest.approx(math.sqrt(0.5))


def test_counts_of_a_set(tmp_path: Path) -> None:
    problems = [
        made(ISLANDS, features=("grid", "dfs")),
        made(RENAMED_ISLANDS, features=("grid", "dfs"), turn=2),
        made(WORDS, chain="b", features=("split",)),
        made(LONGEST_RUN, chain="c", features=("split", "grid", "dfs")),
    ]
    table = read_table([write_set(tmp_path / "set", problems)])
    found = diversity(table, range(4), shapes_of(table))
    assert (found.problems, found.chains, found.bands, found.environments) == (4, 3, {"medium": 4}, {"induction": 4})
    assert found.features.distinct == 3
    assert found.feature_pairs.most_common == (("dfs + grid", 3), ("dfs + split", 1), ("grid + split", 1))
    assert found.feature_pairs.possible == 3
    assert found.shapes.distinct == 3  # renaming keeps the shape
    assert dict(found.shapes.most_common)["def for if else return"] == 1
    assert 1 < found.vendi_features < 3
    assert found.vendi_statements is None
    assert diversity(table, [2], shapes_of(table)).features.effective == 1.0
