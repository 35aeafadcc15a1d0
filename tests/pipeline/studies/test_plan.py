from pathlib import Path

import pytest

from stepsmith.pipeline.studies.definition import Study, shipped
from stepsmith.pipeline.studies.plan import estimate_minutes, plan
from stepsmith.store.runfolder import MANIFEST, PROBLEMS
from tests.pipeline.study_runs import STUDY, calls, go, written


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
