"""MinHash signatures and locality-sensitive hashing: which of many texts may be near-duplicates.

Broder 1997 and Leskovec et al., *Mining of Massive Datasets*, chapter 3. ``signatures`` is the one place that knows the
library (rensa); the tests compare it with datasketch.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import rensa

from stepsmith.curate.ngrams import Hashes, Places, Rows, finalized

Signatures = npt.NDArray[np.uint32]

PERMUTATIONS = 128
ROWS_PER_BAND = 6  # 21 bands: a pair of similarity .5 becomes a candidate with probability .28, of .7 .92, of .8 .998
WINDOW = 16  # in one bucket, each text is paired with so many that follow it: the work stays linear
SEED = 7


def signatures(texts: Rows) -> Signatures:
    """Return MinHash signatures, shape (texts, PERMUTATIONS). A text without hashes has the largest values."""
    if not len(texts):
        return np.zeros((0, PERMUTATIONS), dtype=np.uint32)
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        texts.flat, texts.offsets.astype(np.uint64), PERMUTATIONS, SEED
    )
    return np.array(matrix.to_rows(), dtype=np.uint32)


def similarity(
    signs: Signatures, left: Places, right: Places, others: Signatures | None = None
) -> npt.NDArray[np.float64]:
    """Return the estimated Jaccard similarity of pairs; its standard error is at most .044.

    ``right`` are rows of ``others`` where it is given, of ``signs`` otherwise.
    """
    others = signs if others is None else others
    found = np.empty(len(left))
    for start in range(0, len(left), 65536):
        part = slice(start, start + 65536)
        found[part] = (signs[left[part]] == others[right[part]]).mean(axis=1)
    return found


def band_keys(signs: Signatures, group: Hashes, rows_per_band: int = ROWS_PER_BAND) -> Iterator[Hashes]:
    """Yield one key per text and band: texts of one ``group`` that agree on a whole band share the key."""
    for band in range(signs.shape[1] // rows_per_band):
        key = finalized(group + np.uint64(band))
        for column in range(band * rows_per_band, (band + 1) * rows_per_band):
            key = finalized(key ^ signs[:, column].astype(np.uint64))
        yield key


class Candidates(NamedTuple):
    """Pairs of rows that may be alike, left < right, none twice.

    ``cut`` says that some bucket held more texts than the window: there, texts far apart were not paired.
    """

    left: Places
    right: Places
    cut: bool = False


def pairs_in_buckets(keys: Iterator[Hashes], rows: Places, window: int = WINDOW) -> Candidates:
    """Return the pairs of texts that share a key; ``keys`` are arrays over the texts ``rows``, which ascend."""
    if not len(rows):
        return Candidates(np.zeros(0, np.int64), np.zeros(0, np.int64))
    size = int(rows[-1]) + 1
    codes: list[Places] = []
    cut = False
    for key in keys:
        order = np.argsort(key, kind="stable")
        sorted_keys = key[order]
        for step in range(1, window + 2):
            same = np.flatnonzero(sorted_keys[step:] == sorted_keys[:-step])
            if not len(same):
                break
            if step > window:
                cut = True
                break
            codes.append(rows[order[same]] * size + rows[order[same + step]])
    if not codes:
        return Candidates(np.zeros(0, np.int64), np.zeros(0, np.int64))
    unique = np.unique(np.concatenate(codes))
    return Candidates(unique // size, unique % size, cut)


def pairs_across(keys: Iterator[tuple[Hashes, Hashes]]) -> tuple[Places, Places]:
    """Return the pairs (left, right) of a text of one side and one of the other that share a key.

    ``keys`` are the two sides' arrays for each band. All pairs are made: one side should be small.
    """
    codes: list[Places] = []
    size = 1
    for left, right in keys:
        size = len(right)
        order = np.argsort(right, kind="stable")
        low = np.searchsorted(right[order], left)
        high = np.searchsorted(right[order], left, side="right")
        codes.append(np.repeat(np.arange(len(left)), high - low) * size + order[spans(low, high)])
    unique = np.unique(np.concatenate(codes)) if codes else np.zeros(0, np.int64)
    return unique // size, unique % size


def spans(low: Places, high: Places) -> Places:
    """Return the numbers of the ranges from ``low[k]`` up to ``high[k]``, one range after another."""
    counts = high - low
    starts = low - np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.repeat(starts, counts) + np.arange(counts.sum())
