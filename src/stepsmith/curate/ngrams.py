"""Hashed n-grams of many texts at once, in flat arrays."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


@dataclass(frozen=True, slots=True)
class Rows:
    """Hashes of many texts one after another: those of text i are ``flat[offsets[i]:offsets[i + 1]]``."""

    flat: Hashes
    offsets: Places  # shape (texts + 1,)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Hashes:
        return self.flat[self.offsets[row] : self.offsets[row + 1]]

    def lengths(self) -> Places:
        """Number of hashes of each text."""
        return np.diff(self.offsets)

    def rows(self) -> Places:
        """The text that each hash belongs to, shape (hashes,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths())

    def kept(self, mask: npt.NDArray[np.bool_]) -> "Rows":
        """Return the hashes where ``mask``, of shape (hashes,), is true."""
        ends = np.concatenate([[0], np.cumsum(mask)])
        return Rows(self.flat[mask], ends[self.offsets])


class Vocabulary:
    """Words to hashes that are the same in every process. Each distinct word is hashed once."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def rows(self, texts: Iterable[Sequence[str]]) -> Rows:
        """Return the hash of every word of every text."""
        flat: list[int] = []
        offsets = [0]
        known = self._known
        for words in texts:
            try:
                flat += [known[word] for word in words]
            except KeyError:
                for word in words:
                    if word not in known:
                        digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
                        known[word] = int.from_bytes(digest, "little")
                flat += [known[word] for word in words]
            offsets.append(len(flat))
        return Rows(np.array(flat, dtype=np.uint64), np.array(offsets, dtype=np.int64))


def ngrams(words: Rows, n: int) -> Rows:
    """Return the n-grams of every text in order; a text of fewer than ``n`` words has itself as its only one.

    The n-gram that starts at word k of a text is at place k of its row.
    """
    lengths = words.lengths()
    counts = np.where(lengths >= n, lengths - n + 1, np.minimum(lengths, 1))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    starts = np.repeat(words.offsets[:-1] - offsets[:-1], counts) + np.arange(offsets[-1])
    sizes = np.repeat(np.minimum(lengths, n), counts)
    mixed = np.zeros(len(starts), dtype=np.uint64)
    for k in range(n):
        inside = sizes > k
        word = words.flat[np.where(inside, starts + k, 0)] if len(words.flat) else mixed
        mixed = np.where(inside, mixed * _MIX + word + np.uint64(1), mixed)
    return Rows(finalized(mixed), offsets)


def finalized(values: Hashes) -> Hashes:
    """Return values whose bits are mixed well (the finalizer of MurmurHash3)."""
    values = (values ^ (values >> np.uint64(33))) * _FIRST
    values = (values ^ (values >> np.uint64(33))) * _SECOND
    return values ^ (values >> np.uint64(33))


def common_hashes(rows: Rows, share: float, fewest: int) -> Hashes:
    """Return, sorted, the hashes that more than ``share`` of the texts and more than ``fewest`` texts contain.

    Empty texts do not count.
    """
    texts = int(np.count_nonzero(rows.lengths()))
    owners = rows.rows()
    order = np.lexsort((owners, rows.flat))
    flat, owners = rows.flat[order], owners[order]
    first = np.ones(len(flat), dtype=np.bool_)  # of its kind in its text
    first[1:] = (flat[1:] != flat[:-1]) | (owners[1:] != owners[:-1])
    values, counts = np.unique(flat[first], return_counts=True)
    return values[counts > max(fewest, share * texts)]


def among(values: Hashes, wanted: Hashes) -> npt.NDArray[np.bool_]:
    """Say for each value whether it is among ``wanted``, which is sorted."""
    if not len(wanted):
        return np.zeros(len(values), dtype=np.bool_)
    place = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: npt.NDArray[np.bool_] = wanted[place] == values
    return found


def jaccard(left: Hashes, right: Hashes) -> float:
    """Return |A ∩ B| / |A ∪ B| of two arrays of distinct hashes; 0 if both are empty."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    union = len(left) + len(right) - shared
    return shared / union if union else 0.0
