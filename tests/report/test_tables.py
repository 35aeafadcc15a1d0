from collections import Counter

import pytest

from stepsmith.report.survey import EvidenceFacts, Survey
from stepsmith.report.tables import BARS, EvidenceRow, FeatureRow, evidence_row, feature_rows


def test_features_are_counted_by_band_with_unrated_ones_in_the_total_alone() -> None:
    found = Survey()
    found.features = Counter({("a/b", "sort", "easy"): 2, ("a/b", "sort", None): 3, ("a", "map", "hard"): 1})
    assert feature_rows(found) == [
        FeatureRow("a", "map", (0, 0, 0, 1), 1),
        FeatureRow("a/b", "sort", (2, 0, 0, 0), 5),
    ]


def test_numbers_have_a_range_and_a_histogram() -> None:
    row = evidence_row("kill_rate", EvidenceFacts(numbers=[0.0, 1.0, 1.0, 0.5], count=4))
    assert (row.count, row.numbers, row.texts) == (4, (0.0, 1.0, 1.0), ())
    assert row.bars == pytest.approx([0.5, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1.0])
    flat = evidence_row("n", EvidenceFacts(numbers=[2.0, 2.0], count=2))
    assert flat.bars == tuple(float(k == BARS // 2) for k in range(BARS))


def test_texts_are_shown_by_frequency_then_name() -> None:
    facts = EvidenceFacts(numbers=[1.0], texts=Counter({"b": 2, "a": 2, "c": 9, "d": 1, "e": 1, "f": 1}), count=17)
    assert evidence_row("method", facts) == EvidenceRow(
        "method", 17, None, (), (("c", 9), ("a", 2), ("b", 2), ("d", 1), ("e", 1))
    )


def test_values_that_are_all_different_or_json_are_not_listed() -> None:
    for texts in ({"a": 1, "b": 1}, {'{"a": 1}': 3, "b": 1}):
        row = evidence_row("composition", EvidenceFacts(texts=Counter(texts), count=sum(texts.values())))
        assert row == EvidenceRow("composition", row.count, None, (), ())
