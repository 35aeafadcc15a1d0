from pathlib import Path

import pytest

from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.stages import seconds_per_step
from stepsmith.store.training_log import EvalResult, Step, TrainingLog
from tests.pipeline.study_runs import calls, go


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
    # Warming up; then 1 s a step; a measurement of 100 s at step 20; stopped for an hour after step 40.
    for step, seconds in ((1, 50.0), (10, 59.0), (20, 69.0), (30, 179.0), (40, 189.0), (50, 3799.0), (60, 3809.0)):
        log.step(Step(stage="rl", step=step, of=60, seconds=seconds))
    log.evaluated(EvalResult(stage="rl", step=20, name="held-out", temperature=1.0, groups={}))
    assert seconds_per_step(tmp_path) == pytest.approx(1.0)


def test_workers_run_stages_in_processes_with_one_thread(study: Study, tmp_path: Path) -> None:
    _, here = go(study, tmp_path / "here" / "out", seeds=(0, 1), only=("none", "best"))
    _, there = go(study, tmp_path / "there" / "out", seeds=(0, 1), only=("none", "best"), workers=2)
    assert here == there
    assert {
        (call["runtime"]["threads"], call["runtime"]["judge_workers"]) for call in calls(tmp_path / "there" / "out")
    } == {(1, 1)}
