"""The process of a reward: what it answers, how it ends, and that it is started again."""

from pathlib import Path

import pytest

from stepsmith.audit.rewards.hosted import HostedReward
from stepsmith.audit.rewards.target import reward_target
from stepsmith.audit.rewards.trials import Odd, RewardCall
from stepsmith.core.errors import ConfigError

REWARDS = """
import os, sys, time

def reward(prompts, completions, column, **rest):
    print("noise on stdout", flush=True)
    paid = []
    for prompt, text, value in zip(prompts, completions, column):
        if text == "die": os._exit(3)
        if text == "hang": time.sleep(100)
        if text == "leave": sys.exit(0)
        paid.append({"none": None, "nan": float("nan"), "text": "1.0"}.get(text, value))
    return paid

async def later(completions, **rest):
    return [float(one[-1]["role"] == "assistant" and len(one[-1]["content"])) for one in completions]

def compute_score(data_source, solution_str, ground_truth, extra_info=None, scale=1.0):
    return {"score": scale * len(ground_truth), "acc": extra_info["index"]}

def batch(data_sources, solution_strs, ground_truths, extra_infos):
    return [float(len(text)) for text in solution_strs]

class Model:
    pass
"""


@pytest.fixture
def rewards(tmp_path: Path) -> str:
    (tmp_path / "mine.py").write_text(REWARDS)
    return str(tmp_path / "mine.py")


def calls_of(*texts: str, **row: object) -> RewardCall:
    return RewardCall(completions=texts, rows=({"column": 0.5, **row},) * len(texts))


def test_rewards_come_back_as_they_are_and_endings_are_told(rewards: str) -> None:
    reward = HostedReward(reward_target(f"{rewards}:reward", timeout_s=2.0))
    texts = ("a", "none", "nan", "text")
    sent = [calls_of(*texts), calls_of("leave"), calls_of("die"), calls_of("hang"), calls_of("b")]
    given, left, died, hung, after = reward.call(sent, together=False)
    reward.close()
    assert given.rewards == (0.5, None, Odd(text="nan"), Odd(text="'1.0'"))
    assert (left.ending, left.detail) == ("raised", "SystemExit: 0")
    assert died.ending == "died"
    assert "exit code 3" in died.detail
    assert (hung.ending, hung.detail) == ("timed-out", "no answer in 2 s")
    assert after.rewards == (0.5,)


def test_interfaces_are_told_by_their_parameters(rewards: str) -> None:
    truth = {"reward_model": {"ground_truth": "four"}, "extra_info": {"index": 1}}
    for name, arguments, wanted in (("compute_score", {"scale": 2.0}, 8.0), ("batch", {}, 3.0), ("later", {}, 3.0)):
        reward = HostedReward(reward_target(f"{rewards}:{name}", arguments=arguments))
        call = RewardCall(completions=("abc",), rows=(truth,), form="chat" if name == "later" else "text")
        replies = reward.call([call, call], together=True)
        reward.close()
        assert [reply.rewards for reply in replies] == [(wanted,), (wanted,)], name


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "has no attribute 'nothing'"), ("Model", "is no function")],
)
def test_what_cannot_be_loaded_is_the_users_mistake(rewards: str, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        HostedReward(reward_target(f"{rewards}:{name}")).start()


def test_an_interpreter_that_is_none_is_told(rewards: str, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("no program")
    with pytest.raises(ConfigError, match="cannot start"):
        HostedReward(reward_target(f"{rewards}:reward", python=tmp_path / "python")).start()
