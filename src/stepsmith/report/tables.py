"""The rows of two tables of the page: features, and evidence (the values of provenance)."""

from dataclasses import dataclass

from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.report.survey import EvidenceFacts, Survey

BARS = 12  # bars of the small histogram in a row


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature: the number of problems that use it, by band and in total."""

    category: str
    name: str
    counts: tuple[int, ...]  # in the order of BANDS
    total: int  # with the problems whose band is undecided or that were not rated


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One provenance key: range and small histogram of its numbers, or its most frequent texts."""

    key: str
    count: int
    numbers: tuple[float, float, float] | None  # least, median, greatest
    bars: tuple[float, ...]  # heights in [0, 1]
    texts: tuple[tuple[str, int], ...]  # (value, number of problems); () where a list of them would say little


def feature_rows(found: Survey) -> list[FeatureRow]:
    """Return the rows of the table of features, in the order of the feature tree."""
    kinds = sorted({(category, name) for category, name, _ in found.features})
    return [
        FeatureRow(
            category,
            name,
            tuple(found.features[category, name, band] for band in BANDS),
            sum(found.features[category, name, band] for band in (*BANDS, UNDECIDED, None)),
        )
        for category, name in kinds
    ]


def evidence_row(key: str, facts: EvidenceFacts) -> EvidenceRow:
    """Return the row of a provenance key."""
    if not facts.numeric:
        texts = sorted(facts.texts.items(), key=lambda item: (-item[1], item[0]))[:5]
        telling = texts and texts[0][1] > 1 and not any(text.startswith(("{", "[")) for text, _ in texts)
        return EvidenceRow(key, facts.count, None, (), tuple(texts) if telling else ())
    numbers = sorted(facts.numbers)
    low, high = numbers[0], numbers[-1]
    counts = [0] * BARS
    for number in numbers:
        counts[min(BARS - 1, int(BARS * (number - low) / (high - low))) if high > low else BARS // 2] += 1
    bars = tuple(count / max(counts) for count in counts)
    return EvidenceRow(key, facts.count, (low, numbers[len(numbers) // 2], high), bars, ())
