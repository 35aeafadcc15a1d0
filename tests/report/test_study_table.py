from pathlib import Path

import msgspec

from stepsmith.core.power_law import power_law
from stepsmith.core.stats import Mean
from stepsmith.report.study_table import interval_text, number, p_text, title_of
from stepsmith.store.study_results import TABLE, ArmResult, read_summary
from tests.pipeline.study_runs import STUDY, go, written


def test_the_table_says_n_everywhere(tmp_path: Path) -> None:
    go(written(tmp_path, STUDY), tmp_path / "out")
    table = (tmp_path / "out" / TABLE).read_text()
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| best")
    ]
    means, against_none, against_plain = rows[0], rows[1], rows[2]
    assert means[:2] == ["best", "3"]
    assert against_none[:3] == ["best", "none", "3"]
    assert against_plain[:3] == ["best", "plain", "3"]
    assert against_plain[-1] == "3 / 0"
    assert "n = 3" in table
    assert "a sign test still gives p = 0.25" in table


def test_one_seed_gives_no_interval(tmp_path: Path) -> None:
    go(written(tmp_path, STUDY), tmp_path / "out", seeds=(0,), only=("none", "best"))
    table = (tmp_path / "out" / TABLE).read_text()
    rows = [line for line in table.splitlines() if line.startswith("| best") and "| 1 / 0" in line]
    assert "With one seed there are no intervals" in table
    assert len(rows) == 3  # the metrics; the share without an answer is 0 everywhere
    for row in rows:
        assert "[" not in row
        assert row.count("–") == 2


def test_how_numbers_are_written() -> None:
    assert [number(0.12345), number(-0.5, signed=True), number(12.34), number(3.0, signed=True)] == [
        "0.123", "-0.500", "12.3", "+3.000",
    ]  # fmt: skip
    assert [p_text(None), p_text(0.0004), p_text(0.0305)] == ["–", "< 0.001", "0.030"]
    assert interval_text(Mean(3, 0.5, (0.25, 0.75))) == "0.500 [0.250, 0.750]"
    assert interval_text(Mean(1, 0.5, None)) == "0.500"


def test_a_bar_in_a_description_does_not_break_the_table(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY.replace("[arms.none]\n", '[arms.none]\nabout = "no RL | none\\nat all"\n'))
    go(study, tmp_path / "out", seeds=(0,), only=("none",))
    assert "| none | no RL \\| none at all | 1 |" in (tmp_path / "out" / TABLE).read_text()


def test_a_metric_is_said_in_words(tmp_path: Path) -> None:
    go(written(tmp_path, STUDY), tmp_path / "out", seeds=(0,))
    summary = read_summary(tmp_path / "out")
    assert [title_of(summary, name) for name in summary.metrics] == [
        "pass@1, all held-out problems",
        "pass@1, held-out problems: 4 features",
        "pass@4, all held-out problems",
        "share of completions without an answer, all held-out problems",
    ]
    synthesis = msgspec.structs.replace(
        summary, results=(ArmResult(arm="a", seed=0, values={}, stages={"synth": "synth-1"}),)
    )
    assert title_of(synthesis, "kept per proposed") == "kept per proposed"


def test_a_fit_to_the_published_table_gives_the_published_exponents() -> None:
    text = (Path(__file__).parents[2] / "benchmarks" / "results" / "scaling.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    values: dict[tuple[str, str], list[dict[float, float]]] = {}
    for size, y, *_, points in (row for row in rows if len(row) == 4 and row[2].isdecimal() and ":" in row[3]):
        by_size = (point.split(": ") for point in points.split(", "))
        values.setdefault((size, y), []).append({float(at): float(value) for at, value in by_size})
    laws = {(row[0], row[1]): row for row in rows if len(row) == 10 and row[2].isdecimal()}
    assert laws.keys() == values.keys()
    for which, row in laws.items():
        again = power_law(values[which])
        assert again is not None
        assert interval_text(again.exponent, signed=True) == row[4]
        assert [f"{value:+.2f}" for value in again.residuals.values()] == row[5].split(", ")
