"""A policy that is asked with messages."""

from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.llm.records import Message, Sampling
from stepsmith.train.policy_model import PolicyModel
from tests.records import a_problem
from tests.train.small_runs import a_policy


def test_the_same_question_gets_the_same_completions(tmp_path: Path) -> None:
    a_policy([a_problem()]).save(tmp_path / "model")
    model = PolicyModel.open(tmp_path / "model")
    question = [Message(role="user", content="Add up.")]
    first = model.complete(question, 2, Sampling(max_tokens=4, seed=1))
    assert [one.sample for one in first] == [0, 1]
    assert model.complete(question, 2, Sampling(max_tokens=4, seed=1)) == first
    assert {one.finish_reason for one in first} <= {"stop", "length"}
    with pytest.raises(ConfigError, match="without top_p"):
        model.complete(question, 1, Sampling(top_p=0.9))
    with pytest.raises(ConfigError, match="holds no policy"):
        PolicyModel.open(tmp_path / "nothing")
