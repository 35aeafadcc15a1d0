"""Sketches: each problem's statement and program as the set of its short word sequences, and its MinHash signature."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from stepsmith.curate.minhash import PERMUTATIONS, band_keys, pairs_in_buckets, signatures, similarity
from stepsmith.curate.ngrams import Hashes, Places, Rows, Vocabulary, among, common_hashes, ngrams

CHUNK = 4096  # texts whose words are in memory at once
SAMPLE = 4000  # texts in which boilerplate is searched for
COMMON_SHARE, COMMON_TEXTS = 0.1, 20  # a sequence in more than this share, and more than this many, is boilerplate
COPY, COPY_BAND = 0.8, 8  # similarity from which on a text is a copy of another; rows of the bands that find it
CACHED = 50_000

Words = Callable[[int], Sequence[str]]


class Sketches:
    """The texts ``words(0)`` to ``words(count - 1)`` as sets of ``n``-word sequences.

    Sequences that more than a tenth of the texts share (in an even sample of them, without copies) are boilerplate and
    do not count.
    ``signs`` has shape (count, PERMUTATIONS), ``sizes`` the number of sequences that count, shape (count,).
    """

    def __init__(self, words: Words, count: int, n: int, vocabulary: Vocabulary | None = None) -> None:
        self.words, self.n = words, n
        self._vocabulary = vocabulary or Vocabulary()
        self.common = self._boilerplate(count)
        self.signs = np.empty((count, PERMUTATIONS), dtype=np.uint32)
        self.sizes: Places = np.empty(count, dtype=np.int64)
        for start in range(0, count, CHUNK):
            rows = range(start, min(start + CHUNK, count))
            counted = self.without_boilerplate(self.sequences(map(words, rows)))
            self.signs[rows.start : rows.stop] = signatures(counted)
            self.sizes[rows.start : rows.stop] = counted.lengths()
        self.set_of = lru_cache(CACHED)(self._set_of)

    def sequences(self, texts: Iterator[Sequence[str]]) -> Rows:
        """Return the hashed sequences of texts in order, with repetitions and boilerplate."""
        return ngrams(self._vocabulary.rows(texts), self.n)

    def without_boilerplate(self, sequences: Rows) -> Rows:
        """Return the sequences that count."""
        return sequences.kept(~among(sequences.flat, self.common)) if len(self.common) else sequences

    def shared_passage(self, row: int, other: Hashes) -> str:
        """Return the longest run of words of a text whose sequences are all in ``other`` (sorted); "" for none."""
        words = self.words(row)
        return longest_run(words, self.n, among(self.sequences(iter([words])).flat, other))

    def _set_of(self, row: int) -> Hashes:
        """Return the distinct sequences of a text that count, sorted."""
        found: Hashes = np.unique(self.without_boilerplate(self.sequences(iter([self.words(row)]))).flat)
        return found

    def _boilerplate(self, count: int) -> Hashes:
        step = max(1, count // SAMPLE)
        sample = self.sequences(self.words(row) for row in range(0, count, step))
        return common_hashes(_distinct(sample), COMMON_SHARE, COMMON_TEXTS)


def longest_run(words: Sequence[str], n: int, shared: npt.NDArray[np.bool_]) -> str:
    """Return the longest run of words whose ``n``-word sequences are all ``shared``; "" for none."""
    best, end, run = 0, 0, 0
    for place, inside in enumerate(shared.tolist()):
        run = run + 1 if inside else 0
        if run > best:
            best, end = run, place
    return " ".join(words[end - best + 1 : end + n]) if best else ""


def _distinct(texts: Rows) -> Rows:
    """Return one of all texts that are nearly the same: a text that was copied often is not boilerplate."""
    signs = signatures(texts)
    keys = band_keys(signs, np.zeros(len(texts), dtype=np.uint64), COPY_BAND)
    left, right, _ = pairs_in_buckets(keys, np.arange(len(texts)))
    copies = right[similarity(signs, left, right) >= COPY]
    return texts.kept(~np.isin(texts.rows(), copies))
