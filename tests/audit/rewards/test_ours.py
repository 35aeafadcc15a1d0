"""Never cry wolf: our own rewards come out clean, for TRL and for verl."""

from pathlib import Path

import pytest

from stepsmith.audit.auditing import run_checks
from stepsmith.audit.rewards.caller import RewardCaller
from stepsmith.audit.rewards.checks import REWARD_CHECKS, numbers
from stepsmith.audit.rewards.problems import choose_specimens
from stepsmith.audit.rewards.subject import RewardOptions, open_subject
from stepsmith.audit.rewards.target import RewardTarget, reward_target
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.pool import JudgePool
from stepsmith.scoring.tests import SplitSettings
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.train.verl import write_data
from tests.records import a_problem
from tests.serve.conftest import running

SLOW = {"load", "time limit", "faults"}  # these work, and wait, for many seconds
ASKED = {
    "scale",
    "trivial answers",
    "cheats",
    "batches",
    "isolation",
}  # of the file for verl, which waits and asks again


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(a_problem())])
    return tmp_path


def findings_of(target: RewardTarget, sources: list[Path], judge: LocalJudge, names: set[str]) -> list[str]:
    specimens, _ = choose_specimens(sources, "auto", judge)
    with RewardCaller(target) as caller:
        subject = open_subject(caller, specimens, [], RewardOptions())
        assert len(subject.scaled) == 1
        checks = [check for check in REWARD_CHECKS if check.name in names]
        findings, made, _ = run_checks(subject, checks)
    assert len(made) > len(names) // 2
    return [f"{finding.kind}: {finding.message}" for finding in findings]


def test_our_reward_function_is_clean(folder: Path, judge: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "SEEDS", 1)  # each is a process that imports all of the library
    (folder / "ours.py").write_text(
        f"import stepsmith as st\nreward = st.reward_function(st.load_problems({str(folder)!r}))\n"
    )
    assert (
        findings_of(
            reward_target(f"{folder / 'ours.py'}:reward"),
            [folder],
            judge,
            {check.name for check in REWARD_CHECKS} - SLOW,
        )
        == []
    )


def test_our_reward_file_for_verl_is_clean(folder: Path, judge: LocalJudge) -> None:
    (folder / "verl").mkdir()
    write_data([a_problem()], [a_problem()], folder / "verl", form="full", tests=SplitSettings())
    pool = JudgePool(1)
    try:
        with running(pool, workers=1) as served:
            target = reward_target(
                f"{folder / 'verl' / 'reward.py'}:compute_score",
                arguments={"judge_url": f"http://127.0.0.1:{served.port}", "attempts": 2},
            )
            assert findings_of(target, [folder / "verl" / "train.parquet", folder], judge, ASKED) == []
    finally:
        pool.close()
