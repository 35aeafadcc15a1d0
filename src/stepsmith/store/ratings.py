"""The ratings of a data set by several students: ``ratings.parquet``, one row for each problem and student."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from stepsmith.core.records import NO_ANSWER, TRUNCATED, PassRate, Record
from stepsmith.core.stats import likely_band
from stepsmith.store.dataset import write_rows

RATINGS = "ratings.parquet"

_TEXT, _INT, _FLOAT = pa.string(), pa.int32(), pa.float64()
RATING_SCHEMA = pa.schema(
    [
        ("problem_id", _TEXT),
        ("student", _TEXT),
        ("attempts", _INT),  # that count: judged, with a readable answer
        ("passes", _INT),
        ("pass_rate", _FLOAT),
        ("pass_rate_low", _FLOAT),
        ("pass_rate_high", _FLOAT),
        ("band", _TEXT),
        ("likely_band", _TEXT),
        ("no_answer", _INT),
        ("truncated", _INT),
        ("unjudged", _INT),
    ]
)


class StudentRating(Record, frozen=True, kw_only=True):
    """What one student made of one problem. Attempts that do not count towards the pass rate stand apart."""

    problem_id: str
    student: str
    rate: PassRate
    verdicts: dict[str, int]  # by attempt: verdicts, "none" (no readable answer), "truncated"


def write_ratings(path: Path, ratings: Iterable[StudentRating]) -> None:
    """Write ratings in their order. Raises ``StoreError`` when the file cannot be written."""
    write_rows(path, RATING_SCHEMA, (_row(rating) for rating in ratings))


def _row(rating: StudentRating) -> dict[str, object]:
    rate, verdicts = rating.rate, rating.verdicts
    return {
        "problem_id": rating.problem_id,
        "student": rating.student,
        "attempts": rate.attempts,
        "passes": rate.passes,
        "pass_rate": rate.rate if rate.attempts else None,
        "pass_rate_low": rate.low,
        "pass_rate_high": rate.high,
        "band": rate.claimed_band,
        "likely_band": likely_band(rate),
        "no_answer": verdicts.get(NO_ANSWER, 0),
        "truncated": verdicts.get(TRUNCATED, 0),
        "unjudged": verdicts.get("IE", 0),
    }
