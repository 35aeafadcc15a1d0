"""The stations of a problem's life, from whatever the folders know of it."""

from pathlib import Path

from stepsmith.report.life import life_of
from stepsmith.report.story import life_story
from stepsmith.store.dataset import read_problems
from tests.report.runs import make_run


def test_a_life_is_told_in_stations_that_all_say_something(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", chains=2)
    problem = next(iter(read_problems(folder / "problems.parquet")))
    stations = dict(life_story(life_of(problem.id, [folder])))
    assert {"Seed", "Chain", "Made by", "Tests", "Difficulty"} <= set(stations)
    assert all(stations.values())
    assert "Rejected" not in stations
    assert str(len(problem.tests)) in stations["Tests"][0]
