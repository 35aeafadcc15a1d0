"""Which problems mean the same: pairs whose embedded statements point nearly the same way."""

from collections.abc import Iterator

import numpy as np

from stepsmith.core.records import Record
from stepsmith.curate.embeddings import EncoderName, Vectors, embed, load_encoder
from stepsmith.curate.minhash import Candidates, pairs_in_buckets
from stepsmith.curate.ngrams import Hashes, Places, finalized
from stepsmith.curate.problem_table import ProblemTable
from stepsmith.curate.words import prose

TABLES = 24  # of random hyperplanes; a pair of cosine .8 meets in one of them with probability .9 or more
IN_A_BUCKET = 16  # texts that a bucket holds on average
FEWEST_BITS = 6
MOST_NEIGHBOURS = 5  # of a text, the nearest ones
SEED = 7


class MeaningRule(Record, frozen=True, kw_only=True):
    """What the cosine of two embedded statements says.

    From ``duplicate`` on they are duplicates, unless their programs are unlike; from ``candidate`` on their programs
    are worth running (depth "behavioural"). From ``item`` on a problem counts as an item of a benchmark.
    """

    duplicate: float = 0.9
    candidate: float = 0.5
    item: float = 0.65


class Meanings:
    """The embedded statements of a table. ``vectors`` are wordllama's, shape (problems, width).

    With another encoder, wordllama finds the candidates and the other one, which is slower, judges them.
    """

    def __init__(self, table: ProblemTable, encoder: EncoderName) -> None:
        self._table, self.encoder = table, encoder
        self.vectors = embed(load_encoder("wordllama"), list(map(self.text, range(len(table)))))
        self._closer = load_encoder(encoder) if encoder != "wordllama" else None
        self._close: dict[int, Vectors] = {}  # row -> vector of the other encoder

    def text(self, row: int) -> str:
        """Return what is embedded of a problem."""
        text = prose(self._table.statement(row))
        return text if self._table.environments[row] == "induction" else f"{text}\n{self._table.tasks[row]}"

    def pairs(self, rows: Places, groups: Hashes, least: float) -> Candidates:
        """Return pairs of ``rows`` that may mean the same; see ``meaning_pairs``."""
        found = meaning_pairs(self.vectors, rows, groups, least)
        if self._closer is not None:
            wanted = sorted({*found.left.tolist(), *found.right.tolist()} - self._close.keys())
            vectors = embed(self._closer, list(map(self.text, wanted)), centre=False)
            self._close.update(zip(wanted, vectors, strict=True))
        return found

    def cosine(self, left: int, right: int) -> float:
        """Return the cosine of two problems, by the slower encoder where it has embedded both."""
        if left in self._close and right in self._close:
            return float(self._close[left] @ self._close[right])
        return float(self.vectors[left] @ self.vectors[right]) if self._closer is None else 0.0


def meaning_pairs(vectors: Vectors, rows: Places, groups: Hashes, least: float) -> Candidates:
    """Return pairs of ``rows`` (ascending) of one group with a cosine of ``least``; the nearest few of each text.

    Charikar 2002: texts meet if they lie on the same side of some random hyperplanes. ``groups`` has one number per row
    of ``vectors``.
    """
    bits = max(FEWEST_BITS, int(np.ceil(np.log2(max(2, len(rows)) / IN_A_BUCKET))))
    candidates = pairs_in_buckets(_keys(vectors[rows], groups[rows], bits), rows)
    left, right = candidates.left, candidates.right
    cosines = cosine(vectors, left, vectors, right)
    near = cosines >= least
    left, right, cosines = left[near], right[near], cosines[near]
    order = np.lexsort((left, -cosines, right))
    rank = np.arange(len(order)) - np.searchsorted(right[order], right[order])
    kept = np.sort(order[rank < MOST_NEIGHBOURS])
    return Candidates(left[kept], right[kept], candidates.cut)


def nearest_items(vectors: Vectors, items: Vectors, count: int, least: float) -> Iterator[tuple[int, int, float]]:
    """Yield (row, item, cosine) of the ``count`` items nearest to each row, those with a cosine of ``least``."""
    count = min(count, len(items))
    for start in range(0, len(vectors), 4096):
        cosines = vectors[start : start + 4096] @ items.T
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        for row, chosen in enumerate(best.tolist()):
            for item in chosen:
                if cosines[row, item] >= least:
                    yield start + row, item, float(cosines[row, item])


def cosine(vectors: Vectors, left: Places, others: Vectors, right: Places) -> Vectors:
    """Return the cosines of pairs of unit vectors."""
    found = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), 65536):
        part = slice(start, start + 65536)
        found[part] = np.einsum("ij,ij->i", vectors[left[part]], others[right[part]])
    return found


def _keys(vectors: Vectors, groups: Hashes, bits: int) -> Iterator[Hashes]:
    planes = np.random.default_rng(SEED).normal(size=(vectors.shape[1], TABLES * bits)).astype(np.float32)
    weights = np.uint64(1) << np.arange(bits, dtype=np.uint64)
    for table in range(TABLES):
        sides = vectors @ planes[:, table * bits : (table + 1) * bits] > 0
        yield finalized(finalized(groups + np.uint64(table)) ^ (sides @ weights).astype(np.uint64))
