"""A policy that is asked with messages."""

from pathlib import Path

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.evaluate.asking import BatchLLM
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


def test_a_batch_of_questions_is_answered_in_order(tmp_path: Path) -> None:
    a_policy([a_problem()]).save(tmp_path / "model")
    model = PolicyModel.open(tmp_path / "model")
    assert isinstance(model, BatchLLM)
    questions = [[Message(role="user", content=text)] for text in ("Add up.", "Add all of it up, please.", "Add up.")]
    found = model.complete_batch(questions, 2, Sampling(temperature=0.0, max_tokens=5))
    assert [[one.sample for one in some] for some in found] == [[0, 1]] * 3
    assert found[0] == found[2]


def test_a_model_on_disk_may_compute_in_bfloat16(tmp_path: Path) -> None:
    a_policy([a_problem()]).save(tmp_path / "model")
    model = PolicyModel.open(tmp_path / "model", "bfloat16")
    (one,) = model.complete([Message(role="user", content="Add up.")], 1, Sampling(temperature=0.0, max_tokens=3))
    assert one.finish_reason in ("stop", "length")
