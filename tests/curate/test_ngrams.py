"""Hashed n-grams: those of every text and no others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.curate.ngrams import Vocabulary, among, common_hashes, jaccard, ngrams

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=1, max_size=6)


@given(TEXTS, st.integers(1, 4))
def test_equal_ngrams_have_equal_hashes_and_others_differ(texts: list[list[str]], n: int) -> None:
    rows = ngrams(Vocabulary().rows(texts), n)
    assert len(rows) == len(texts)
    plain = [[tuple(t[k : k + n]) for k in range(max(1, len(t) - n + 1))] if t else [] for t in texts]
    flat = [gram for grams in plain for gram in grams]
    assert rows.lengths().tolist() == [len(grams) for grams in plain]
    of = dict(zip(flat, rows.flat.tolist(), strict=True))
    assert len(set(of.values())) == len(of)
    assert [of[gram] for gram in flat] == rows.flat.tolist()


def test_hashes_are_the_same_in_every_process() -> None:
    assert ngrams(Vocabulary().rows([["sum", "of", "all"]]), 2).flat.tolist() == [
        ngrams(Vocabulary().rows([["x"], ["sum", "of", "all"]]), 2)[1].tolist()[k] for k in (0, 1)
    ]
    assert Vocabulary().rows([["sum"]]).flat.tolist() == [18357923229362041550]


def test_common_hashes_count_texts_not_occurrences() -> None:
    words = Vocabulary()
    texts = words.rows([["a", "a", "a"], ["b", "c"], ["b"], ["b", "a"]])
    b = words.rows([["b"]]).flat
    assert common_hashes(texts, 0.5, 0).tolist() == b.tolist()
    assert texts.kept(~among(texts.flat, b)).lengths().tolist() == [3, 1, 0, 1]


def test_jaccard() -> None:
    left, right = np.array([1, 2, 3], np.uint64), np.array([2, 3, 4, 5], np.uint64)
    assert jaccard(left, right) == 2 / 5
    assert jaccard(left[:0], right[:0]) == 0.0
