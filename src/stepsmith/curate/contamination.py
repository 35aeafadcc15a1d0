"""Contamination: problems of a set that are items of a benchmark, with the evidence."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from stepsmith.core.records import Record
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.curate.embeddings import Vectors, embed, load_encoder
from stepsmith.curate.likeness import DEPTHS, FEWEST_SEQUENCES, Depth, ProblemSketches, shortened
from stepsmith.curate.meaning import MeaningRule, Meanings, nearest_items
from stepsmith.curate.minhash import band_keys, pairs_across, signatures, similarity
from stepsmith.curate.ngrams import Hashes, Rows, Vocabulary, among, common_hashes, jaccard
from stepsmith.curate.overlap import FEWEST_ITEMS, ItemGrams
from stepsmith.curate.problem_table import ProblemTable
from stepsmith.curate.sketches import COMMON_SHARE, Sketches
from stepsmith.curate.words import program_words, prose, statement_words

Method = Literal["13-grams", "8-grams", "statements", "programs", "meaning", "passes"]

ROWS_PER_BAND = 3  # 42 bands: items are few, so there is time to compare less similar pairs, too
SLACK = 0.1  # an estimate may be so far below the similarity
CHUNK = 8192  # problems that are compared at once


class ContaminationRule(Record, frozen=True, kw_only=True):
    """The scores from which on a problem counts as an item; benchmarks/results/decontamination.md has the curves.

    ``grams_13`` and ``grams_8`` are shares of the item's n-grams; ``statements`` and ``programs`` are Jaccard
    similarities as for duplicates. Scores of at least half of these limits are reported as hits that do not count.
    """

    grams_13: float = 0.1
    grams_8: float = 0.15
    statements: float = 0.2
    programs: float = 0.5


class ContaminationHit(Record, frozen=True, kw_only=True):
    """One sign that a problem is an item of a benchmark."""

    row: int
    item: str  # "HumanEval/37"
    depth: Depth
    method: Method
    score: float
    evidence: str  # the shared words or tokens
    counts: bool  # whether it drops the problem; other hits are only reported
    program: str = ""  # the golden program that passes the item's checks


def find_contamination(
    table: ProblemTable, sketches: ProblemSketches, items: Sequence[BenchmarkItem], rule: ContaminationRule
) -> list[ContaminationHit]:
    """Return the hits of the depth "near"."""
    return [
        *_gram_hits(table, items, rule),
        *_sketch_hits(sketches.statements, [statement_words(item.text) for item in items], items, "statements",
                      rule.statements, fewest=1),
        *_sketch_hits(sketches.programs, [program_words(item.program, item.language) for item in items], items,
                      "programs", rule.programs, fewest=FEWEST_SEQUENCES),
    ]  # fmt: skip


def meaning_hits(meanings: Meanings, items: Sequence[BenchmarkItem], rule: MeaningRule) -> list[ContaminationHit]:
    """Return the hits of the depth "semantic": items whose embedded text points the same way."""
    theirs = embed_items(items)
    return [
        ContaminationHit(
            row=row, item=items[item].name, depth="semantic", method="meaning", score=round(score, 4),
            evidence=shortened(" ".join(prose(items[item].text).split())), counts=score >= rule.item,
        )
        for row, item, score in nearest_items(meanings.vectors, theirs, 1, (rule.item + rule.candidate) / 2)
    ]  # fmt: skip


def embed_items(items: Sequence[BenchmarkItem]) -> Vectors:
    """Embed the texts of items with wordllama; an item without a text is similar to no problem."""
    vectors = embed(load_encoder("wordllama"), [prose(item.text) for item in items])
    vectors[[not item.text.strip() for item in items]] = 0
    return vectors


def best_first(hits: Iterable[ContaminationHit]) -> list[ContaminationHit]:
    """Return hits by row, those that count and have the better evidence first."""
    return sorted(
        hits, key=lambda hit: (hit.row, not hit.counts, -DEPTHS.index(hit.depth), -hit.score, hit.item, hit.method)
    )


def _gram_hits(
    table: ProblemTable, items: Sequence[BenchmarkItem], rule: ContaminationRule
) -> Iterator[ContaminationHit]:
    vocabulary = Vocabulary()
    texts = [statement_words(item.text) for item in items]
    kinds: list[tuple[Method, ItemGrams, float]] = [
        ("13-grams", ItemGrams(texts, 13, vocabulary), rule.grams_13),
        ("8-grams", ItemGrams(texts, 8, vocabulary), rule.grams_8),
    ]
    for start in range(0, len(table), CHUNK):
        rows = range(start, min(start + CHUNK, len(table)))
        words = vocabulary.rows(statement_words(table.statement(row)) for row in rows)
        for method, grams, least in kinds:
            for place, item, score in grams.overlaps(words, least / 2):
                passage = shortened(grams.passage(statement_words(table.statement(start + place)), item))
                yield ContaminationHit(
                    row=start + place, item=items[item].name, depth="near", method=method, score=round(score, 4),
                    evidence=passage, counts=score >= least,
                )  # fmt: skip


def _sketch_hits(
    sketches: Sketches,
    texts: Sequence[Sequence[str]],
    items: Sequence[BenchmarkItem],
    method: Method,
    least: float,
    *,
    fewest: int,
) -> Iterator[ContaminationHit]:
    counted = sketches.without_boilerplate(sketches.sequences(iter(texts)))
    theirs = common_hashes(counted, COMMON_SHARE, FEWEST_ITEMS)
    counted = counted.kept(~among(counted.flat, theirs))
    sets = [np.unique(counted[item]) for item in range(len(items))]
    for row, item in _candidates(sketches, counted, sets, least / 2, fewest):
        ours = sketches.set_of(row)
        score = jaccard(ours[~among(ours, theirs)], sets[item])
        if score >= least / 2:
            passage = shortened(sketches.shared_passage(row, sets[item]))
            yield ContaminationHit(
                row=row, item=items[item].name, depth="near", method=method, score=round(score, 4), evidence=passage,
                counts=score >= least,
            )  # fmt: skip


def _candidates(
    sketches: Sketches, counted: Rows, sets: Sequence[Hashes], least: float, fewest: int
) -> Iterator[tuple[int, int]]:
    """Yield the pairs (row, item) whose estimated similarity may reach ``least``."""
    usable = np.flatnonzero([len(one) >= fewest for one in sets])
    rows = np.flatnonzero(sketches.sizes >= fewest)
    signs = signatures(counted)[usable]
    none = np.zeros(max(CHUNK, len(usable)), dtype=np.uint64)
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        ours = band_keys(sketches.signs[some], none[: len(some)], ROWS_PER_BAND)
        theirs = band_keys(signs, none[: len(usable)], ROWS_PER_BAND)
        left, right = pairs_across(zip(ours, theirs, strict=True))
        alike = similarity(sketches.signs, some[left], right, signs) >= least - SLACK
        yield from zip(some[left[alike]].tolist(), usable[right[alike]].tolist(), strict=True)
