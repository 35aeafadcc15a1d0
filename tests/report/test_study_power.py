"""Power from the folder of a study and from the tables that are published."""

from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.report.study_power import power_rows
from stepsmith.store.study_results import read_summary
from tests.pipeline.study_runs import STUDY, go, written

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def test_a_folder_has_a_row_for_each_comparison(tmp_path: Path) -> None:
    go(written(tmp_path, STUDY), tmp_path / "out")
    metrics = read_summary(tmp_path / "out").metrics
    rows = power_rows(tmp_path / "out")
    assert len(rows) == sum(len(table.comparisons) for table in metrics.values())
    assert {(row.arm, row.against) for row in rows} == {
        (c.arm, c.against) for table in metrics.values() for c in table.comparisons
    }


@pytest.mark.parametrize(
    ("study", "arm", "against", "least"),
    [("controls", "learnability", "uniform", 0.069), ("chains", "chains-hard", "disjoint-hard", 0.041)],
)
def test_published_tables_are_read(study: str, arm: str, against: str, least: float) -> None:
    """The least significant difference is half the width of the published interval."""
    row = next(r for r in power_rows(RESULTS / f"{study}.md") if (r.arm, r.against) == (arm, against))
    assert row.metric == "all"
    assert row.least == pytest.approx(least, abs=2e-3)


def test_what_is_no_study_says_so(tmp_path: Path) -> None:
    (tmp_path / "table.md").write_text("| a | b |\n")
    with pytest.raises(ConfigError, match="no comparison of two arms"):
        power_rows(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        power_rows(tmp_path / "absent.md")
