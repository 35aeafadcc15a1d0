"""Pairs that mean the same, against all pairs."""

from pathlib import Path

import numpy as np

from stepsmith.curate.embeddings import Vectors
from stepsmith.curate.meaning import MOST_NEIGHBOURS, Meanings, cosine, meaning_pairs, nearest_items
from stepsmith.curate.problem_table import read_table
from tests.curate.problems import ISLANDS, LONGEST_RUN, made, write_set


def clustered(count: int, copies: int) -> Vectors:
    """``count`` random directions, each ``copies`` times with a little noise."""
    rng = np.random.default_rng(3)
    vectors = np.repeat(rng.normal(size=(count, 64)), copies, axis=0) + 0.3 * rng.normal(size=(count * copies, 64))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_nearly_all_pairs_are_found_and_no_others() -> None:
    vectors = clustered(500, 3)
    rows = np.arange(len(vectors))
    found = meaning_pairs(vectors, rows, np.zeros(len(vectors), np.uint64), 0.8)
    cosines = np.triu(vectors @ vectors.T, 1)
    true = set(zip(*(part.tolist() for part in np.nonzero(cosines >= 0.8)), strict=True))
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert len(true) > 1000
    assert pairs <= true
    assert len(pairs) > 0.97 * len(true)


def test_groups_and_rows_are_respected() -> None:
    vectors = clustered(1, 4)
    groups = np.array([0, 1, 0, 0], np.uint64)
    found = meaning_pairs(vectors, np.array([0, 1, 2]), groups, 0.5)
    assert list(zip(found.left.tolist(), found.right.tolist(), strict=True)) == [(0, 2)]


def test_the_nearest_few_of_many() -> None:
    vectors = clustered(1, 40)
    found = meaning_pairs(vectors, np.arange(40), np.zeros(40, np.uint64), 0.5)
    assert np.bincount(found.right).max() <= MOST_NEIGHBOURS


def test_nearest_items() -> None:
    items = np.eye(3, dtype=np.float32)
    vectors = np.array([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]], np.float32)
    assert [pair[:2] for pair in nearest_items(vectors, items, 2, 0.1)] == [(0, 1), (0, 0), (1, 2)]
    assert cosine(vectors, np.array([0]), items, np.array([1])).tolist() == [np.float32(0.8)]


def test_meanings_of_a_table(tmp_path: Path) -> None:
    problems = [
        made(ISLANDS),
        made((ISLANDS[0].replace("lake", "sea"), "x = 1\n"), chain="b"),
        made(LONGEST_RUN, chain="c"),
    ]
    meanings = Meanings(read_table([write_set(tmp_path / "set", problems)]), "wordllama")
    found = meanings.pairs(np.arange(3), np.zeros(3, np.uint64), 0.9)
    assert (found.left.tolist(), found.right.tolist()) == ([0], [1])
    assert meanings.cosine(0, 1) > 0.95 > meanings.cosine(0, 2)
