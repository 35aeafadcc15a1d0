import json
from pathlib import Path

from stepsmith.report.study_page import holds_study
from stepsmith.report.writing import write_report
from tests.pipeline.study_runs import STUDY, go, written


def test_the_page_shows_every_arm_and_no_markup_of_its_own(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY.replace('"Which?"', '"<script>alert(1)</script>?"'))
    go(study, tmp_path / "out")
    page = write_report(tmp_path / "out").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    for arm in study.arms:
        assert f">{arm}<" in page
    blocks = page.split('<script type="application/json"')[1:]
    assert len(blocks) == 2 * 4  # means and differences for every metric; two points are no curve
    first = json.loads(blocks[0].partition(">")[2].partition("</script>")[0])
    assert len(first["data"][0]["x"]) == 18  # every seed of every arm


def test_a_folder_of_a_study_is_known_by_its_summary(tmp_path: Path) -> None:
    assert not holds_study(tmp_path)
    go(written(tmp_path, STUDY), tmp_path / "out", seeds=(0,), only=("none",))
    assert holds_study(tmp_path / "out")
