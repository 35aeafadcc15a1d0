from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.curriculum import LOOK, ROWS, curriculum_app, picture
from stepsmith.core.errors import ConfigError
from stepsmith.curriculum import Schedule, load_curriculum, presets


def run(*arguments: str) -> str:
    result = CliRunner().invoke(curriculum_app, arguments, env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    return result.output


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_list_has_every_preset() -> None:
    listed = rows(run("list"))
    for name, curriculum in presets().items():
        assert any(row[:1] == [name] and curriculum.about.split()[0] in row for row in listed), name


@pytest.mark.parametrize("name", presets())
def test_each_preset_is_shown_with_its_source(name: str) -> None:
    text = run("show", name)
    assert " ".join(presets()[name].source.split()) in " ".join(text.split())


def test_the_table_is_scaled_to_the_steps() -> None:
    shown = rows(run("show", "soft", "--steps", "400"))
    assert ["75", "175", "0.15", "0.80", "0.05"] in shown
    assert ["300", "400", "0.05", "0.15", "0.80"] in shown
    assert ["7500", "17500", "0.15", "0.80", "0.05"] in rows(run("show", "soft"))


def test_the_picture_is_the_schedule() -> None:
    soft = load_curriculum("soft")
    assert isinstance(soft, Schedule)
    drawn = [line.plain for line in picture(soft, 40, 88)][:ROWS]
    columns = ["".join(line[6 + k] for line in reversed(drawn)) for k in range(80)]
    easy, medium, hard = (LOOK[band][1] for band in ("easy", "medium", "hard"))
    assert set(columns[:15]) == {easy * 8 + medium + hard}  # .80/.15/.05: what is wanted shows, however little
    assert set(columns[35:60]) == {easy * 2 + medium * 4 + hard * 4}
    assert columns[14] != columns[15]  # 7.5k of 40k is column 15 of 80


def test_a_narrow_terminal_is_not_overrun() -> None:
    result = CliRunner().invoke(curriculum_app, ["show", "classic"], env={"COLUMNS": "40"})
    drawing = [line for line in result.output.splitlines() if "%" in line]
    assert len(drawing) == ROWS
    assert all(len(line) <= 40 for line in drawing)


def test_adaptive_ones_say_how_they_choose(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[mine]\nkind = "chains"\nthreshold = 0.65\n')
    text = run("show", str(path))
    assert ["threshold", "0.65"] in rows(text)
    assert "unlocked, for the rest of the training" in " ".join(text.split())


def test_an_unknown_name_is_a_user_error() -> None:
    result = CliRunner().invoke(curriculum_app, ["show", "harder"])
    assert isinstance(result.exception, ConfigError)
