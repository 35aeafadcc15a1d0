"""The reward function for TRL, in TRL's own trainer and by hand."""

import pickle
from pathlib import Path

import pytest

import stepsmith as st
from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.judge.pool import JudgePool
from stepsmith.scoring.trl_reward import RewardFunction, training_rows
from tests.records import a_problem
from tests.scoring.scripted import ScriptedJudge, counting
from tests.scoring.test_users import passes_first


def test_rewards_come_by_problem_and_in_order() -> None:
    problems = [counting(0), counting(1)]
    ids = [problem.id for problem in problems]
    texts = ["```python\n8  # a\n```", "?", "```python\n2  # b\n```", "```python\n8  # c\n```"]
    judge = ScriptedJudge(passes_first, slowest_s=0.005)
    with st.reward_function(problems, reward="fraction", hold_back=0, judge=judge) as reward:
        assert reward(completions=texts, problem_id=[ids[0], ids[1], ids[1], ids[0]]) == [1.0, 0.0, 0.25, 1.0]
        assert [one.problem_id for one in reward.last] == [ids[0], ids[1], ids[1], ids[0]]
        assert reward.__name__ == "stepsmith_fraction"
        with pytest.raises(ConfigError, match="'prob_0' that the reward function was not given"):
            reward(completions=["?"], problem_id=["prob_0"])


def test_a_completion_without_an_end_is_truncated_if_the_ends_are_known() -> None:
    problem, right = counting(0), "```python\n8\n```"
    judge = ScriptedJudge(passes_first)
    for ends, wanted in (((), ["judged", "judged"]), ((2,), ["judged", "truncated"])):
        with RewardFunction([problem], judge=judge, end_token_ids=ends) as reward:
            reward(completions=[right] * 2, problem_id=[problem.id] * 2, completion_ids=[[5, 2], [5, 7]])
            assert [one.status for one in reward.last] == wanted


def test_rows_name_their_problem() -> None:
    problem = a_problem()
    (row,) = training_rows([problem])
    assert row == {"prompt": [{"role": "user", "content": st.render_prompt(problem)}], "problem_id": problem.id}


@pytest.mark.filterwarnings("ignore:.gradient_checkpointing. is deprecated:FutureWarning")  # TRL's own default
def test_trl_takes_it_as_it_is(tmp_path: Path) -> None:
    """Two steps of TRL's own GRPOTrainer over our rows and our reward."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from tests.train.small_runs import a_policy, some_problems

    problems = some_problems(4)
    policy = a_policy(problems)
    settings = GRPOConfig(
        output_dir=str(tmp_path), max_steps=2, per_device_train_batch_size=4, num_generations=4,
        max_completion_length=6, use_cpu=True, bf16=False, report_to=[], save_strategy="no", logging_steps=1,
        gradient_checkpointing=False,
    )  # fmt: skip
    judge = ScriptedJudge(lambda code, test: "AC")
    with st.reward_function(problems, judge=judge) as reward:
        trainer = GRPOTrainer(
            model=policy.model,
            reward_funcs=reward,
            args=settings,
            train_dataset=Dataset.from_list(training_rows(problems, brief=True)),
            processing_class=policy.tokenizer,
        )
        trainer.train()
        assert len(reward.last) == 4
    logged = {key for entry in trainer.state.log_history for key in entry}
    assert "rewards/stepsmith_binary/mean" in logged


def test_trls_asynchronous_worker_scores_with_a_copy_in_its_own_process() -> None:
    problem, right = counting(0), "```python\n8\n```"
    copy = pickle.loads(pickle.dumps(RewardFunction([problem], judge=Passing())))
    with copy:
        assert copy(completions=[right, "?"], problem_id=[problem.id] * 2) == [1.0, 0.0]
    with (
        JudgePool(1) as pool,
        RewardFunction([problem], judge=pool) as reward,
        pytest.raises(MachineError, match="belongs to this process"),
    ):
        pickle.dumps(reward)


class Passing(ScriptedJudge):
    """A judge that can be pickled, as a fleet's client can."""

    def __init__(self) -> None:
        super().__init__(passes_first)

    def __reduce__(self):
        return Passing, ()
