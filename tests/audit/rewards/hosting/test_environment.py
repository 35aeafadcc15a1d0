"""Packages of verifiers as rewards, each in the form of its API, with a stand-in for the library."""

from pathlib import Path

import pytest

from stepsmith.audit.rewards.hosted import HostedReward
from stepsmith.audit.rewards.target import reward_target
from stepsmith.audit.rewards.trials import RewardCall


def test_a_package_of_verifiers_is_asked_for_its_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "verifiers.py").write_text("class State(dict):\n    pass\n")
    (tmp_path / "some_env.py").write_text(
        "class Rubric:\n"
        "    async def score_rollout(self, state):\n"
        "        state['reward'] = float(state['completion'][-1]['content'] == state['answer'])\n"
        "class Env:\n"
        "    rubric = Rubric()\n"
        "    def get_dataset(self):\n"
        "        return [{'question': 'Say yes', 'answer': 'yes', 'id': 'p1'}]\n"
        "def load_environment(**arguments):\n"
        "    return Env()\n"
    )
    monkeypatch.chdir(tmp_path)
    reward = HostedReward(reward_target("some_env"))
    reward.start()
    assert reward.tasks == {"0": {"names": ["0", "p1"], "prompt": "Say yes"}}
    call = RewardCall(completions=("yes", "no"), rows=({"task": "0"},) * 2)
    (reply,) = reward.call([call], together=False)
    reward.close()
    assert reply.rewards == (1.0, 0.0)
