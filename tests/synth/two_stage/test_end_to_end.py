"""`stepsmith synth` with method two-stage against a scripted endpoint, through the real client."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Chain, Problem
from stepsmith.pipeline.config import load_config
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.dataset import read_problems
from stepsmith.synth.skill import SkillModel
from tests.synth.two_stage.scripted import ScriptedModel, ScriptedServer

CONFIG = """
workers = 2
[synth]
method = "two-stage"
chains = 2
turns = 2
attempts = 6
teacher = "teacher"
student = "student"
solvers = ["solver"]
environments = {{induction = 1.0}}
[voters]
method = "paper"
[suite]
growth_executions = 0
mutants = 0
[two_stage]
solutions = 5
[models.teacher]
base_url = "{url}"
model = "teacher"
[models.student]
base_url = "{url}"
model = "student"
[models.solver]
base_url = "{url}"
model = "solver"
"""
MISTAKES = {"prose": 0.05, "hint": 0.1, "syntax": 0.1, "several-blocks": 0.1, "cut": 0.05}


class Quiet:
    def __init__(self) -> None:
        self.chains: list[Chain] = []

    def __getattr__(self, _: str):
        return lambda *args: self.chains.extend(arg for arg in args if isinstance(arg, Chain))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("two-stage")
    brain = ScriptedModel(rates=MISTAKES, student=SkillModel(skill=1.2))
    watcher = Quiet()
    with ScriptedServer(brain) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPSMITH_CACHE", str(folder / "memory.db"))
        (folder / "config.toml").write_text(CONFIG.format(url=server.url))
        config = load_config(folder / "config.toml")
        manifest = synthesize(config, folder / "run", watcher)
        asked = dict(brain.asked)
        again = synthesize(config, folder / "again", Quiet())
    return folder / "run", manifest, watcher.chains, brain, asked, again


def problems_of(folder: Path) -> list[Problem]:
    return list(read_problems(folder / "problems.parquet"))


def test_problems_are_accepted_and_carry_their_features(run):
    folder, manifest, chains, _, _, _ = run
    assert manifest.counts.proposed == 4
    assert manifest.counts.accepted >= 2, manifest.counts
    problems = problems_of(folder)
    assert len(problems) == manifest.counts.accepted
    for problem in problems:
        assert len(problem.features) >= 1
        assert problem.pass_rate is not None
        assert 0 < problem.pass_rate.rate <= 0.97
        assert dict(problem.provenance)["method"] == "paper"
        assert problem.validator
        assert problem.wrong
    assert any(turn.direction != "new" for chain in chains for turn in chain.turns), "problems are refined"


def test_every_stored_input_passes_its_validator(run, judge):
    from stepsmith.synth.two_stage.inputs import Validator
    from stepsmith.synth.two_stage.statement import Statement

    for problem in problems_of(run[0]):
        shell = Statement(
            style=problem.style, title="", body="", starter_code="", entry_point=None, samples=(),
            validator=problem.validator,
        )  # fmt: skip
        assert all(Validator(judge, shell).allowed([test.input for test in problem.tests]))


def test_a_second_run_pays_for_nothing_and_gives_the_same_files(run):
    _, manifest, _, brain, asked, again = run
    assert dict(brain.asked) == asked
    assert again.files == manifest.files


def test_the_tree_shapes_the_run(run):
    config = msgspec.json.decode(run[1].config)
    assert len(config["two_stage"]["tree_version"]) == 12
    assert "tree" not in config["two_stage"]


def test_every_stage_is_asked_for_every_proposal(run):
    asked = Counter(run[4])
    assert asked["plan"] == 4
    assert asked["plan"] >= asked["statement"] >= asked["generator"] > 0
