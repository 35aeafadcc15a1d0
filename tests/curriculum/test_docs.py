"""The examples of docs/curricula.md run as they stand."""

import re
from pathlib import Path

from stepsmith.core.stats import pass_rate
from stepsmith.curriculum import Schedule, load_curriculum, presets
from tests.records import a_problem

PAGE = (Path(__file__).parents[2] / "docs" / "curricula.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_sampler_example_runs() -> None:
    problems = [
        a_problem(statement=f"{passes}-{k}", pass_rate=pass_rate(passes, 32))
        for passes in (30, 16, 4)
        for k in range(9)
    ]
    names: dict[str, object] = {"problems": problems}
    exec(block("python"), names)
    batch = names["batch"]
    assert isinstance(batch, list)
    assert len(batch) == 64
    assert len(set(batch)) == 8
    assert isinstance(names["checkpoint"], dict)


def test_the_curriculum_example_loads(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(block("toml"))
    mine = load_curriculum(f"{tmp_path / 'my.toml'}#mine")
    assert isinstance(mine, Schedule)
    assert mine.weights(0.0) == {"easy": 0.75, "easy-medium": 0.25}
    assert mine.weights(0.3) == {"medium": 0.5, "hard": 0.5}


def test_every_curriculum_is_on_the_page() -> None:
    assert [name for name in presets() if f"`{name}`" not in PAGE] == []
