from pathlib import Path

from stepsmith.core.stats import pass_rate
from stepsmith.store.dataset import read_rows
from stepsmith.store.ratings import StudentRating, write_ratings


def test_a_row_says_what_counts_and_what_does_not(tmp_path: Path) -> None:
    settled = StudentRating(
        problem_id="a", student="s", rate=pass_rate(14, 32), verdicts={"AC": 14, "WA": 18, "none": 3, "IE": 1}
    )
    nothing = StudentRating(problem_id="b", student="s", rate=pass_rate(0, 0), verdicts={"truncated": 4})
    write_ratings(tmp_path / "ratings.parquet", [settled, nothing])
    first, second = read_rows(tmp_path / "ratings.parquet")
    assert (first["band"], first["likely_band"], first["no_answer"], first["unjudged"]) == ("medium", "medium", 3, 1)
    assert (second["pass_rate"], second["band"], second["likely_band"]) == (None, "undecided", None)
    assert second["truncated"] == 4
