"""Rating finished problems again: the same problems, other pass rates, several students side by side."""

from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import ConfigError, EndpointError, RunFolderError
from stepsmith.core.records import Problem
from stepsmith.llm.records import ModelSpec, Retries
from stepsmith.pipeline.config import Config, SynthSettings
from stepsmith.pipeline.rerating import LOG, rate_problems
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.dataset import read_rows
from stepsmith.store.json_lines import read_lines
from stepsmith.store.manifest import read_manifest
from stepsmith.store.problem_sets import load_problems
from stepsmith.store.ratings import RATINGS, StudentRating
from tests.report.runs import make_run

CONFIG = Config(synth=SynthSettings(chains=2, turns=2, profile="micro", attempts=6))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Problem]:
    folder = tmp_path_factory.mktemp("made") / "run"
    synthesize(msgspec.structs.replace(CONFIG, refine=EVERYTHING), folder)
    problems = load_problems(folder)
    assert problems
    return problems


EVERYTHING = msgspec.structs.replace(CONFIG.refine, keep_low=0.0, keep_high=1.0)


def test_the_problems_stay_and_the_rates_are_the_students(made: list[Problem], tmp_path: Path) -> None:
    ratings = rate_problems(made, ["simulated"], CONFIG, tmp_path / "out")
    again = load_problems(tmp_path / "out")
    assert [problem.id for problem in again] == [problem.id for problem in made]
    assert [problem.pass_rate for problem in again] == [rating.rate for rating in ratings]
    rows = list(read_rows(tmp_path / "out" / RATINGS))
    assert [(row["problem_id"], row["student"]) for row in rows] == [(problem.id, "simulated") for problem in made]
    for problem, row in zip(again, rows, strict=True):
        facts = dict(problem.provenance)
        assert facts["rated_by"] == "simulated"
        assert problem.pass_rate is not None
        assert row["attempts"] == problem.pass_rate.attempts
        assert row["band"] == (problem.pass_rate.band or "undecided")


def test_an_interrupted_rating_goes_on_where_it_was(made: list[Problem], tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    rate_problems(made, ["simulated"], CONFIG, whole)
    heard: list[str] = []

    def stop(rating: StudentRating) -> None:
        heard.append(rating.problem_id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rate_problems(made, ["simulated"], CONFIG, tmp_path / "out", stop)
    with (tmp_path / "out" / LOG).open("ab") as log:
        log.write(b'{"problem_id":"cut off in the mid')
    with pytest.raises(RunFolderError, match="--resume"):
        rate_problems(made, ["simulated"], CONFIG, tmp_path / "out")
    first = list(read_lines(tmp_path / "out" / LOG, StudentRating))
    assert heard[0] in {rating.problem_id for rating in first}
    rate_problems(made, ["simulated"], CONFIG, tmp_path / "out", resume=True)
    for name in ("problems.parquet", RATINGS):
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes()


def test_what_cannot_be_rated_is_said(made: list[Problem], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to rate: 0 problems"):
        rate_problems([], ["simulated"], CONFIG, tmp_path / "out")
    with pytest.raises(ConfigError, match="is there twice"):
        rate_problems([made[0], made[0]], ["simulated"], CONFIG, tmp_path / "out")
    with pytest.raises(ConfigError, match="not all different"):
        rate_problems(made, ["simulated", "simulated"], CONFIG, tmp_path / "out")
    foreign = msgspec.structs.replace(made[0], provenance=())
    with pytest.raises(ConfigError, match="only the offline teacher's problems"):
        rate_problems([foreign], ["simulated"], CONFIG, tmp_path / "out")


def test_a_model_that_voted_on_the_outputs_is_refused_before_it_is_asked(made: list[Problem], tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", chains=1, turns=1)
    manifest = read_manifest(run)
    voted = {"synth": {"solvers": ["big"]}, "models": {"big": {"weights": "m"}}}
    msgspec.structs.replace(manifest, config=msgspec.Raw(msgspec.json.encode(voted))).write(run)
    models = {
        name: ModelSpec(name=name, base_url="http://127.0.0.1:9/v1", model=model)
        for name, model in (("same", "m"), ("other", "n"))
    }
    config = msgspec.structs.replace(CONFIG, models=models)
    with pytest.raises(ConfigError, match="'m' voted on the outputs"):
        rate_problems(made, ["same"], config, tmp_path / "out", origin=run)
    assert not (tmp_path / "out").exists()
    hurried = {"other": msgspec.structs.replace(models["other"], retries=Retries(attempts=1, patience_s=0.1))}
    with pytest.raises(EndpointError):  # another one is asked; nobody is there
        rate_problems(made, ["other"], msgspec.structs.replace(config, models=hurried), tmp_path / "out", origin=run)
