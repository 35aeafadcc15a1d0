"""Rows of the tables of features and of evidence."""

from dataclasses import dataclass

from stepsmith.report.survey import BANDS, FigureFacts, Survey

BARS = 12  # of the small picture beside a figure


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """A line of the table of features: problems by band, and in all."""

    category: str
    name: str
    counts: tuple[int, ...]  # by BANDS
    total: int  # those that were not rated included


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A provenance key: range and small histogram of its numbers, or its most frequent texts."""

    key: str
    count: int
    numbers: tuple[float, float, float] | None  # least, median, greatest
    bars: tuple[float, ...]  # heights in [0, 1]
    texts: tuple[tuple[str, int], ...]


def feature_rows(found: Survey) -> list[FeatureRow]:
    """The table of features, in the order of the feature tree."""
    kinds = sorted({(category, name) for category, name, _ in found.features})
    return [
        FeatureRow(
            category,
            name,
            tuple(found.features[category, name, band] for band in BANDS),
            sum(found.features[category, name, band] for band in (*BANDS, None)),
        )
        for category, name in kinds
    ]


def figure_row(key: str, facts: FigureFacts) -> FigureRow:
    """What the table of evidence says of a key."""
    if not facts.numeric:
        texts = tuple(sorted(facts.texts.items(), key=lambda item: (-item[1], item[0]))[:5])
        return FigureRow(key, facts.count, None, (), texts)
    numbers = sorted(facts.numbers)
    low, high = numbers[0], numbers[-1]
    counts = [0] * BARS
    for number in numbers:
        counts[min(BARS - 1, int(BARS * (number - low) / (high - low))) if high > low else BARS // 2] += 1
    bars = tuple(count / max(counts) for count in counts)
    return FigureRow(key, facts.count, (low, numbers[len(numbers) // 2], high), bars, ())
