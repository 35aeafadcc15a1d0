"""Studies, with a trainer that writes the logs of a run instead of training."""

import functools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.cli.study import _seeds
from stepsmith.core.errors import ConfigError, RunFolderError, StepsmithError
from stepsmith.pipeline.studies.definition import Study, load_study, shipped
from stepsmith.pipeline.studies.plan import Task, estimate_minutes, plan
from stepsmith.pipeline.studies.stages import seconds_per_step
from stepsmith.pipeline.study import STAGES, TABLE, run_study
from stepsmith.report.writing import write_report
from stepsmith.store.manifest import read_manifest
from stepsmith.store.runfolder import MANIFEST, PROBLEMS
from stepsmith.store.study_results import RESULTS, ArmResult
from stepsmith.store.training_log import EvalResult, Step, TrainingLog
from tests.pipeline.fake_training import GAIN, fake_train


class Watcher:
    def __init__(self) -> None:
        self.done_before = -1
        self.ends: list[tuple[str, int, str, str]] = []

    def planned(self, tasks: Sequence[Task], done: int) -> None:
        self.done_before = done

    def note(self, task: Task, text: str) -> None: ...

    def ended(self, task: Task, error: str) -> None:
        self.ends.append((task.arm, task.seed, task.stage, error))


def read_results(folder: Path) -> list[ArmResult]:
    return [msgspec.json.decode(line, type=ArmResult) for line in (folder / RESULTS).read_bytes().splitlines()]


STUDY = """
question = "Which?"
source = "a test"
baseline = "none"
comparisons = [["best", "plain"]]
metrics = ["all", "4 features", "all@4", "all:no_answer"]
minutes = { sft = 1.0, rl = 10.0 }
change.sft.steps = 100
change.rl = { steps = 40, empty_bands = "nearest" }

[arms.none]
stages = ["sft"]
[arms.plain]
change.rl.curriculum = "shuffled"
[arms.best]
change.rl.curriculum = "learnability"
[arms.chance]
change.rl.reward = "random"
[arms.longer]
stages = ["sft"]
as_long_as = "best"
[arms.supervised]
stages = ["sft", "sft-on-rl"]
as_long_as = "best"
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return written(tmp_path, STUDY)


def written(folder: Path, text: str, name: str = "mine") -> Study:
    (folder / f"{name}.toml").write_text(text)
    return load_study(str(folder / f"{name}.toml"))


def go(
    study: Study, folder: Path, *, break_on: str = "", **options: object
) -> tuple[Watcher, dict[tuple[str, int], ArmResult]]:
    watcher = Watcher()
    trainer = functools.partial(fake_train, calls=folder.parent / "calls.jsonl", break_on=break_on)
    run_study(study, folder, watcher, trainer=trainer, **options)  # type: ignore[arg-type]
    return watcher, {(result.arm, result.seed): result for result in read_results(folder)}


def calls(folder: Path) -> list[dict[str, dict[str, object]]]:
    return [json.loads(line) for line in (folder.parent / "calls.jsonl").read_text().splitlines()]


# --- what is run --------------------------------------------------------------------------------------------------


def test_shared_stages_are_run_once(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out")
    stages = Counter(stage for _, _, stage, _ in watcher.ends)
    assert stages == {"sft": 6, "rl": 9, "sft-on-rl": 3}  # 18 arms and seeds, 30 stages if none were shared
    assert set(results) == {(arm, seed) for arm in study.arms for seed in (0, 1, 2)}
    starts = {(r.seed, r.stages["sft"]) for (arm, _), r in results.items() if arm != "longer"}
    assert len(starts) == 3


def test_an_arm_starts_from_the_model_of_its_seed(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out")
    seeds = [seed for _, seed, _, _ in watcher.ends]
    assert seeds == sorted(seeds), "a seed is finished before the next one is begun"
    for call in calls(tmp_path / "out"):
        if call["stage"] == "rl":
            start = Path(str(call["model"]["path"])).parent
            assert start.is_absolute()
            assert {r.seed for r in results.values() if r.stages["sft"] == start.name} == {call["seed"]}
        else:
            assert call["data"]["problems"] == []


def test_equal_compute_comes_from_measured_times(study: Study, tmp_path: Path) -> None:
    """40 RL steps of 3 s and 20 s of rating are 280 supervised steps of half a second."""
    _, results = go(study, tmp_path / "out", seeds=(4,))
    assert results["longer", 4].steps == {"sft": 100 + 280}
    assert results["supervised", 4].steps == {"sft": 100, "sft-on-rl": 280}
    on_rl = next(c for c in calls(tmp_path / "out") if str(c["folder"]).startswith("sft-on-rl"))
    assert on_rl["sft"]["exercises"] == on_rl["rl"]["exercises"]
    assert on_rl["stage"] == "sft"


def test_pauses_do_not_count_as_steps(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path)
    # Warming up; then 1 s a step; a measurement of 100 s at step 20.
    for step, seconds in ((1, 50.0), (10, 59.0), (20, 69.0), (30, 179.0), (40, 189.0)):
        log.step(Step(stage="rl", step=step, of=60, seconds=seconds))
    log.measured(EvalResult(stage="rl", step=20, name="held-out", temperature=1.0, groups={}))
    assert seconds_per_step(tmp_path) == pytest.approx(1.0)


def test_only_some_arms_and_what_they_need(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out", only=("longer",), seeds=(0,))
    assert [(stage, error) for _, _, stage, error in watcher.ends] == [("sft", ""), ("rl", ""), ("sft", "")]
    assert set(results) == {("longer", 0)}
    with pytest.raises(ConfigError, match="no arm 'shortest'"):
        go(study, tmp_path / "other", only=("shortest",))


def test_the_pool_is_made_once_and_is_for_rl_alone(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY + '[pool.synth]\nprofile = "micro"\nchains = 1\n')
    pools = [task for task in plan(study, (0, 1), list(study.arms)).tasks.values() if task.stage == "synth"]
    assert [task.needs for task in pools] == [()]
    made = tmp_path / "stages" / pools[0].name  # a finished one, for what is asked here is who gets it
    made.mkdir(parents=True)
    (made / MANIFEST).touch()
    (made / PROBLEMS).touch()
    go(study, tmp_path / "out", seeds=(0, 1), only=("best", "supervised"), stages=made.parent)
    for call in calls(tmp_path / "out"):
        problems = call["data"]["problems"]
        assert len(problems) == (0 if str(call["folder"]).startswith("sft-") and not call["model"]["path"] else 1)
        assert all((Path(str(place)) / PROBLEMS).exists() for place in problems)


def test_workers_run_stages_in_processes_with_one_thread(study: Study, tmp_path: Path) -> None:
    _, here = go(study, tmp_path / "here" / "out", seeds=(0, 1), only=("none", "best"))
    _, there = go(study, tmp_path / "there" / "out", seeds=(0, 1), only=("none", "best"), workers=2)
    assert here == there
    assert {(call["threads"], call["judges"]) for call in calls(tmp_path / "there" / "out")} == {(1, 1)}


# --- resuming -----------------------------------------------------------------------------------------------------


def test_a_failed_stage_ends_its_arm_alone_and_is_tried_again(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out", break_on="learnability", seeds=(0,))
    assert set(results) == {("none", 0), ("plain", 0)}  # chance has the same curriculum; two arms need its time
    table = (tmp_path / "out" / TABLE).read_text()
    for arm in ("best", "chance", "longer", "supervised"):
        assert f"- {arm}, seed 0: the judge is gone" in table
    before = len(calls(tmp_path / "out"))
    watcher, results = go(study, tmp_path / "out", seeds=(0,), resume=True)
    assert watcher.done_before == 2
    assert len(results) == 6
    assert len(calls(tmp_path / "out")) - before == 4
    assert "Not finished" not in (tmp_path / "out" / TABLE).read_text()


def test_nothing_finished_is_an_error(study: Study, tmp_path: Path) -> None:
    with pytest.raises(StepsmithError, match=r"no arm .* the judge is gone"):
        go(study, tmp_path / "out", only=("best",), break_on="learnability")


def test_seeds_can_be_added(study: Study, tmp_path: Path) -> None:
    go(study, tmp_path / "out", seeds=(0,))
    first = len(calls(tmp_path / "out"))
    with pytest.raises(RunFolderError, match="--resume"):
        go(study, tmp_path / "out", seeds=(0, 1))
    watcher, results = go(study, tmp_path / "out", seeds=(0, 1), resume=True)
    assert {seed for _, seed, _, _ in watcher.ends} == {1}
    assert len(results) == 12
    assert len(calls(tmp_path / "out")) == 2 * first


def test_a_changed_study_runs_what_changed(study: Study, tmp_path: Path) -> None:
    go(study, tmp_path / "out", seeds=(0,))
    changed = written(tmp_path, STUDY.replace('"shuffled"', '"hard-only"'))
    watcher, _ = go(changed, tmp_path / "out", seeds=(0,), resume=True)
    assert [(arm, stage) for arm, _, stage, _ in watcher.ends] == [("plain", "rl")]


def test_two_studies_share_stages_but_not_a_folder(study: Study, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    go(study, tmp_path / "one", seeds=(0,), only=("best",), stages=shared)
    other = written(tmp_path, STUDY, "other")
    watcher, _ = go(other, tmp_path / "two", seeds=(0,), only=("best", "plain"), stages=shared)
    assert watcher.done_before == 2
    assert [arm for arm, *_ in watcher.ends] == ["plain"]
    with pytest.raises(RunFolderError, match="another configuration"):
        go(other, tmp_path / "one", resume=True)


def test_a_killed_study_keeps_what_was_finished(study: Study, tmp_path: Path) -> None:
    class Killed(Watcher):
        def ended(self, task: Task, error: str) -> None:
            super().ended(task, error)
            if len(self.ends) == 3:
                raise KeyboardInterrupt

    out = tmp_path / "out"
    trainer = functools.partial(fake_train, calls=tmp_path / "calls.jsonl")
    with pytest.raises(KeyboardInterrupt):
        run_study(study, out, Killed(), seeds=(0,), trainer=trainer)
    assert len(list((out / STAGES).iterdir())) == 3
    watcher, results = go(study, out, seeds=(0,), resume=True)
    assert watcher.done_before == 3
    assert len(results) == 6


# --- what comes out -----------------------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_runs(study: Study, tmp_path: Path) -> None:
    _, results = go(study, tmp_path / "out")
    for (arm, _), result in results.items():
        assert result.values["4 features"] == pytest.approx(result.values["all"] / 2)
        assert result.values["all@4"] == pytest.approx(result.values["all"])
        gain = result.curve[-1][1] - result.curve[0][1]
        if arm in ("best", "plain"):
            assert gain == pytest.approx(GAIN["learnability" if arm == "best" else "shuffled"], abs=0.003)
        if arm == "chance":
            assert gain == 0
    trainer = functools.partial(fake_train, calls=tmp_path / "calls.jsonl")
    summary = run_study(study, tmp_path / "out", Watcher(), trainer=trainer, resume=True)
    rows = {row.arm: row for row in summary.metrics["all"].rows}
    means = {arm: row.mean.mean for arm, row in rows.items() if row.mean}
    assert means["best"] == pytest.approx(sum(results["best", seed].values["all"] for seed in range(3)) / 3)
    compared = {(c.arm, c.against): c for c in summary.metrics["all"].comparisons}
    assert set(compared) == {(arm, "none") for arm in study.arms if arm != "none"} | {("best", "plain")}
    best = compared["best", "plain"]
    assert best.paired.n == best.paired.positive == 3
    assert best.paired.mean == pytest.approx(means["best"] - means["plain"])
    assert best.paired.p is not None
    assert best.adjusted_p is not None
    assert best.adjusted_p >= best.paired.p
    chance = compared["chance", "none"].paired
    assert (chance.mean, chance.p) == (0, 1.0)


def test_the_table_says_n_everywhere(study: Study, tmp_path: Path) -> None:
    go(study, tmp_path / "out")
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


def test_one_seed_gives_no_interval(study: Study, tmp_path: Path) -> None:
    go(study, tmp_path / "out", seeds=(0,), only=("none", "best"))
    table = (tmp_path / "out" / TABLE).read_text()
    rows = [line for line in table.splitlines() if line.startswith("| best") and "| 1 / 0" in line]
    assert "With one seed there are no intervals" in table
    assert len(rows) == 3  # the metrics; the share without an answer is 0 everywhere
    for row in rows:
        assert "[" not in row
        assert row.count("–") == 2


def test_an_unknown_metric_names_what_was_measured(tmp_path: Path) -> None:
    study = written(tmp_path, STUDY.replace('["all", "4 features"', '["9 features", "all"'))
    with pytest.raises(ConfigError, match=r"'9 features'.*all, 4 features"):
        go(study, tmp_path / "out")


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


# --- synthesis ----------------------------------------------------------------------------------------------------

TURNS = """
question = "How many?"
source = "a test"
stages = ["synth"]
seeds = [0]
metrics = ["kept per proposed", "kept per judged program", "kept", "proposed", "kept per 1000 tokens"]
change.synth = { profile = "micro", attempts = 2, turns = 2, chains = 1 }
change.suite = { growth_executions = 0, mutants = 0, pool = 0 }
change.voters.candidates = 2
[arms.many]
[arms.single]
change.synth.mode = "single-turn"
"""


def test_yields_of_a_synthesis_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "turns.toml").write_text(TURNS)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["study", str(tmp_path / "turns.toml"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert (out / TABLE).read_text().strip() in result.output
    assert "<h1>Study: turns</h1>" in (out / "report.html").read_text()
    found = {found.arm: found for found in read_results(out)}
    assert set(found) == {"many", "single"}
    for arm in found.values():
        manifest = read_manifest(out / STAGES / arm.stages["synth"])
        assert arm.values["proposed"] == manifest.counts.proposed == (2 if arm.arm == "many" else 1)
        assert arm.values["kept"] == manifest.counts.accepted
        assert arm.values["kept per proposed"] == manifest.counts.accepted / manifest.counts.proposed
        assert "kept per 1000 tokens" not in arm.values  # nobody asked a model


# --- definitions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_study_can_be_planned(name: str) -> None:
    study = shipped()[name]
    found = plan(study, study.seeds, list(study.arms))
    assert set(found.paths) == {(arm, seed) for arm in study.arms for seed in study.seeds}
    seen: set[str] = set()
    for task in found.tasks.values():
        assert set(task.needs) <= seen
        seen.add(task.name)
    ends = [path[-1] for path in found.paths.values()]
    assert len(set(ends)) == len(ends), "two arms are the same"
    assert study.compared()
    assert study.question.endswith("?")


def test_the_cost_counts_shared_stages_once(study: Study) -> None:
    """Three starts, nine RL stages, and for each seed one longer start and one supervised stage as long as RL."""
    assert estimate_minutes(study, (0, 1, 2), list(study.arms)) == 3 * 1 + 9 * 10 + 3 * (1 + 10) + 3 * 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("question =", "quest ="), "quest"),
        (('baseline = "none"', 'baseline = "nobody"'), "no arm 'nobody'"),
        (('["best", "plain"]', '["none", "best"]'), "best and none are one arm, or are compared twice"),
        (('["best", "plain"]', '["best", "best"]'), "best and best are one arm"),
        (('"shuffled"', "3"), "str"),
        (("change.sft.steps", "change.sft.stairs"), "stairs"),
        (('as_long_as = "best"', 'as_long_as = "none"'), "as_long_as"),
        (('[arms.none]\nstages = ["sft"]', '[arms.none]\nstages = ["rl"]'), "rl needs a model"),
        (('[arms.none]\nstages = ["sft"]', '[arms.none]\nstages = ["sft", "synth"]'), "must be its only stage"),
        (('metrics = ["all"', 'metrics = []\nextra = ["all"'), "extra"),
        (('metrics = ["all", "4 features", "all@4", "all:no_answer"]', "metrics = []"), "at least one metric"),
        (("metrics = ", "outcomes = "), "`outcomes` is now called `metrics`"),
    ],
)
def test_a_wrong_study_is_refused_in_one_line(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        written(tmp_path, STUDY.replace(*change))
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_which_seeds() -> None:
    assert _seeds(None, 10) == ()
    assert _seeds("3", 10) == (10, 11, 12)
    assert _seeds("7,5", 10) == (7, 5)
    for wrong in ("many", "0", "1,1"):
        with pytest.raises(ConfigError, match="--seeds"):
            _seeds(wrong, 0)


def test_the_list_has_every_study() -> None:
    result = CliRunner().invoke(app, ["study", "--list"], env={"COLUMNS": "140"})
    assert result.exit_code == 0
    for name in shipped():
        assert any(line.split()[:1] == [name] for line in result.output.splitlines())
