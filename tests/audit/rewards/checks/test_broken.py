"""Rewards that are broken on purpose are found, each by its kind, and the finding can be replayed."""

import msgspec
import pytest

from stepsmith.audit.findings import Finding
from stepsmith.audit.rewards.caller import replay_steps
from stepsmith.audit.rewards.checks import REWARD_CHECKS, cheats, numbers
from stepsmith.audit.rewards.subject import RewardOptions
from stepsmith.audit.rewards.trials import RewardReplay
from tests.audit.rewards import broken
from tests.audit.rewards.subjects import FOLDER, checked, short_specimens

FUNCTIONS = {
    "trusts_the_exit_code", "compares_objects_of_the_program", "reads_its_verdict_from_the_output",
    "compares_where_the_program_runs", "keeps_one_namespace", "writes_the_tests_into_the_program",
}  # fmt: skip
REPLAYED = {"an_error_is_a_pass", "evaluates_the_answer", "a_lost_process_is_wrong", "async_and_shuffled"}
BOTH = {"remembers_texts_without_their_tests"}  # takes two problems to be seen
SERIAL = {"wall_time_of_many_at_once", "allows_no_time", "has_no_time_limit"}


def cases() -> list:
    return [pytest.param(name, marks=pytest.mark.serial) if name in SERIAL else name for name in broken.BROKEN]


@pytest.mark.parametrize("name", cases())
def test_a_broken_reward_is_found_by_its_kind(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cheats, "ENDLESS_S", 3.0)
    if name == "chooses_tests_by_their_hash":
        monkeypatch.setattr(numbers, "SEEDS", 4)
    check, kind = broken.BROKEN[name]
    interface = "" if name in BOTH else "function" if name in FUNCTIONS else "stdio"
    changes = {"stated_time_s": 1.0, "own": True} if name in SERIAL else {}
    findings, _ = checked(
        f"{FOLDER / 'broken.py'}:{name}",
        [check],
        short_specimens(interface, **changes),
        RewardOptions(low=0.0, high=1.0),
    )
    found = [finding for finding in findings if finding.kind == kind and not finding.ambiguous]
    assert found, [(finding.kind, finding.message) for finding in findings]
    if name in REPLAYED:
        again = msgspec.json.decode(msgspec.json.encode(found[0]), type=Finding)
        assert isinstance(again.replay, RewardReplay)
        steps = list(replay_steps(again.replay))
        assert steps
        assert all(holds for _, holds, _ in steps), steps


def test_every_check_has_a_broken_reward() -> None:
    assert {check for check, _ in broken.BROKEN.values()} == {check.name for check in REWARD_CHECKS}
    assert len({kind for _, kind in broken.BROKEN.values()}) > 25


ONCE = {"failures", "batches", "faults", "numbers", "missing tests"}  # slow, and the same for both interfaces


@pytest.mark.parametrize("interface", ["stdio", "function"])
def test_a_sound_reward_is_clean(interface: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "TIMES", 2)
    left_out = {"load", "time limit"} | (ONCE if interface == "function" else set())
    names = [check.name for check in REWARD_CHECKS if check.name not in left_out]
    findings, lacking = checked(f"{FOLDER / 'sound.py'}:reward", names, short_specimens(interface))
    assert [finding.message for finding in findings if not finding.ambiguous] == []
    assert {finding.kind for finding in findings} == {"samples-run-on-host", "right-answer-unpaid"}
    assert lacking == ()


def test_a_sound_score_of_verl_is_clean_where_calls_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "TIMES", 2)
    checks = ("scale", "numbers", "batches", "missing tests", "broken tests")
    findings, lacking = checked(f"{FOLDER / 'broken.py'}:compute_score", checks, short_specimens("stdio"))
    assert [finding.message for finding in findings] == []
    assert lacking == ()


def test_a_share_of_the_tests_is_no_payment_for_an_endless_program() -> None:
    findings, _ = checked(f"{FOLDER / 'broken.py'}:share_of_the_tests", ["failures"], short_specimens("stdio"))
    assert [finding.message for finding in findings] == []


def test_sockets_between_the_processes_of_a_reward_are_no_network() -> None:
    findings, lacking = checked(f"{FOLDER / 'broken.py'}:has_a_manager", ["faults"], short_specimens("stdio"))
    assert [finding.message for finding in findings] == []
    assert lacking == ()
