"""Studies, with a trainer that writes the logs of a run instead of training."""

import functools
from collections import Counter
from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError, RunFolderError, StepsmithError
from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.plan import Task
from stepsmith.pipeline.study import STAGES, TABLE, run_study
from tests.pipeline.fake_training import fake_train
from tests.pipeline.study_runs import STUDY, Watcher, calls, go, written


def test_shared_stages_are_run_once(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out")
    stages = Counter(stage for _, _, stage, _ in watcher.ends)
    assert stages == {"sft": 6, "rl": 9, "sft-on-rl": 3}  # 18 arms and seeds, 30 stages if none were shared
    assert set(results) == {(arm, seed) for arm in study.arms for seed in (0, 1, 2)}
    starts = {(r.seed, r.stages["sft"]) for (arm, _), r in results.items() if arm != "longer"}
    assert len(starts) == 3


def test_only_some_arms_and_what_they_need(study: Study, tmp_path: Path) -> None:
    watcher, results = go(study, tmp_path / "out", only=("longer",), seeds=(0,))
    assert [(stage, error) for _, _, stage, error in watcher.ends] == [("sft", ""), ("rl", ""), ("sft", "")]
    assert set(results) == {("longer", 0)}
    with pytest.raises(ConfigError, match="no arm 'shortest'"):
        go(study, tmp_path / "other", only=("shortest",))


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
