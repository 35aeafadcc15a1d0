"""`stepsmith synth` with method two-stage against a scripted endpoint, through the real client."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from stepsmith.core.records import Chain, Problem
from stepsmith.pipeline.config import load_config
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.dataset import read_problems
from stepsmith.store.manifest import Manifest
from stepsmith.synth.skill import SkillModel
from tests.synth.two_stage.scripted import ScriptedModel, ScriptedServer

CONFIG = """
[runtime]
workers = 2
[synth]
method = "two-stage"
chains = 2
turns = 2
attempts = 6
teacher = "teacher"
student = "student"
solvers = ["solver"]
strong_solver = "strong"
environments = {{induction = 1.0}}
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
[models.strong]
base_url = "{url}"
model = "strong"
[models.hopeless]
base_url = "{url}"
model = "hopeless"
"""
MISTAKES = {"prose": 0.05, "hint": 0.1, "syntax": 0.1, "several-blocks": 0.1, "cut": 0.05}


class Quiet:
    def __init__(self) -> None:
        self.chains: list[Chain] = []

    def __getattr__(self, _: str):
        return lambda *args: self.chains.extend(arg for arg in args if isinstance(arg, Chain))


class Run(NamedTuple):
    folder: Path
    manifest: Manifest
    chains: list[Chain]
    asked: dict[str, int]
    again: Manifest
    asked_again: dict[str, int]
    hopeless: Manifest


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
        asked_again = dict(brain.asked)
        synth = msgspec.structs.replace(config.synth, turns=1, strong_solver="hopeless")
        hopeless = synthesize(msgspec.structs.replace(config, synth=synth), folder / "hopeless", Quiet())
    return Run(folder / "run", manifest, watcher.chains, asked, again, asked_again, hopeless)


def problems_of(folder: Path) -> list[Problem]:
    return list(read_problems(folder / "problems.parquet"))


def test_problems_are_accepted_and_carry_their_features(run):
    folder, manifest, chains = run.folder, run.manifest, run.chains
    assert manifest.counts.proposed == 4
    assert manifest.counts.accepted >= 2, manifest.counts
    problems = problems_of(folder)
    assert len(problems) == manifest.counts.accepted
    for problem in problems:
        assert len(problem.features) >= 1
        assert problem.pass_rate is not None
        assert 0 < problem.pass_rate.rate <= 0.97
        assert dict(problem.provenance)["method"] == "dual-verification"
        assert problem.validator
        assert problem.wrong
    assert any(turn.direction != "new" for chain in chains for turn in chain.turns), "problems are refined"


def test_every_stored_input_passes_its_validator(run, judge):
    from stepsmith.synth.two_stage.inputs import Validator
    from stepsmith.synth.two_stage.statement import WrittenStatement

    for problem in problems_of(run.folder):
        shell = WrittenStatement(
            style=problem.style, title="", body="", starter_code="", entry_point=None, samples=(),
            validator=problem.validator,
        )  # fmt: skip
        assert all(Validator(judge, shell).allowed([test.input for test in problem.tests]))


def test_a_second_run_pays_for_nothing_and_gives_the_same_files(run):
    assert run.asked_again == run.asked
    assert run.again.files == run.manifest.files


def test_the_strong_solver_says_what_can_be_solved(run):
    attempted = [dict(problem.provenance).get("strong_attempts", "") for problem in problems_of(run.folder)]
    assert all("AC" in tally for tally in attempted)
    assert run.manifest.spend is not None
    stages = {(stage.purpose, stage.model): stage.completions for stage in run.manifest.spend.stages}
    assert stages["solvability", "strong"] >= 4 * len(attempted)
    assert ("solve", "strong") not in stages
    assert run.hopeless.counts.accepted == 0
    assert run.hopeless.counts.rejected["unsolvable"] >= 1


def test_the_tree_shapes_the_run(run):
    config = msgspec.json.decode(run.manifest.config)
    assert len(config["two_stage"]["tree_version"]) == 12
    assert "tree" not in config["two_stage"]


def test_every_stage_is_asked_for_every_proposal(run):
    asked = Counter(run.asked)
    assert asked["plan"] == 4
    assert asked["plan"] >= asked["statement"] >= asked["generator"] > 0
