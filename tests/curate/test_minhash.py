"""MinHash against datasketch, and the pairs of buckets against all pairs."""

import numpy as np
from datasketch import MinHash

from stepsmith.core.ids import derive_rng
from stepsmith.curate.minhash import PERMUTATIONS, band_keys, pairs_across, pairs_in_buckets, signatures, similarity
from stepsmith.curate.ngrams import Vocabulary, jaccard


def texts_of_known_likeness() -> list[list[str]]:
    """Sets of 200 words; each shares from none to all of them with the one before."""
    rng = derive_rng(1, "sets")
    texts = [[f"w{k}" for k in range(200)]]
    for number in range(60):
        kept = rng.sample(texts[-1], rng.randrange(0, 201))
        texts.append(kept + [f"n{number}_{k}" for k in range(200 - len(kept))])
    return texts


def test_estimates_are_as_good_as_those_of_datasketch() -> None:
    texts = texts_of_known_likeness()
    rows = Vocabulary().rows(texts)
    signs = signatures(rows)
    left = np.arange(len(texts) - 1)
    ours = similarity(signs, left, left + 1)
    oracle = []
    for text in texts:
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch([word.encode() for word in text])
        oracle.append(sketch)
    theirs = np.array([oracle[k].jaccard(oracle[k + 1]) for k in left])
    true = np.array([jaccard(np.unique(rows[k]), np.unique(rows[k + 1])) for k in left])
    assert np.ptp(true) > 0.9
    assert np.abs(ours - true).max() < 0.16  # four standard errors of an estimate from 128 values
    assert np.sqrt(((ours - true) ** 2).mean()) < 1.35 * np.sqrt(((theirs - true) ** 2).mean())
    assert np.abs(ours - theirs).mean() < 0.06


def test_pairs_are_those_that_share_a_key() -> None:
    keys = np.array([5, 7, 5, 9, 7, 5], dtype=np.uint64)
    rows = np.array([1, 2, 4, 6, 8, 9])
    left, right, cut = pairs_in_buckets(iter([keys, keys]), rows)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(1, 4), (1, 9), (2, 8), (4, 9)]
    assert not cut
    left, right, cut = pairs_in_buckets(iter([keys]), rows, window=1)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(1, 4), (2, 8), (4, 9)]
    assert cut


def test_alike_texts_meet_in_a_bucket_unless_their_groups_differ() -> None:
    texts = [[f"w{k}" for k in range(100)], [f"w{k}" for k in range(5, 105)], [f"x{k}" for k in range(100)]]
    signs = signatures(Vocabulary().rows(texts))
    together = pairs_in_buckets(band_keys(signs, np.zeros(3, np.uint64)), np.arange(3))
    assert (together[0].tolist(), together[1].tolist()) == ([0], [1])
    apart = pairs_in_buckets(band_keys(signs, np.array([0, 1, 0], np.uint64)), np.arange(3))
    assert apart[0].tolist() == []


def test_pairs_across_two_sides() -> None:
    left, right = np.array([3, 5, 3], np.uint64), np.array([5, 3, 3], np.uint64)
    found = pairs_across(iter([(left, right), (left, right[::-1])]))
    expected = {(i, j) for side in (right, right[::-1]) for i in range(3) for j in range(3) if left[i] == side[j]}
    assert set(zip(found[0].tolist(), found[1].tolist(), strict=True)) == expected


def test_no_texts() -> None:
    signs = signatures(Vocabulary().rows([]))
    assert signs.shape == (0, PERMUTATIONS)
    assert pairs_in_buckets(iter([]), np.zeros(0, np.int64))[0].tolist() == []
