"""A training that cannot learn anything says so, once, with the setting to change."""

import msgspec
import pytest

from stepsmith.core.records import Problem
from stepsmith.core.stats import pass_rate
from stepsmith.store.training_log import Step
from stepsmith.train.learning_watch import PATIENCE, LearningWatch, pool_warnings, step_warnings
from stepsmith.train.settings import TrainConfig, with_overrides
from tests.records import a_problem


def config(**rl: object) -> TrainConfig:
    return with_overrides(TrainConfig(), {"stage": "rl", "rl": rl})


def problems(*passes: int | None) -> list[Problem]:
    """Problems with so many passes of 8."""
    return [
        a_problem(title=f"Problem {k}", pass_rate=None if one is None else pass_rate(one, 8))
        for k, one in enumerate(passes)
    ]


def record(step: int = 1, **figures: object) -> Step:
    plain = {"truncated": 0.1, "no_answer": 0.1, "zero_variance": 0.5, "pass_rate": 0.4}
    return Step(stage="rl", step=step, of=100, seconds=1.0, **(plain | figures))  # type: ignore[arg-type]


CONDITIONS: list[tuple[dict[str, object], dict[str, object], tuple[str, ...]]] = [
    ({}, {"truncated": 1.0}, ("100% of the completions are cut off", "rl.max_completion_length = 96")),
    ({}, {"truncated": 0.95, "zero_variance": 1.0}, ("95% of the completions are cut off",)),
    (
        {},
        {"truncated": 0.3, "no_answer": 0.65},
        ("95% of the completions have no answer", "30% are cut off at", "train sft"),
    ),
    ({}, {"zero_variance": 1.0, "pass_rate": 0.0}, ("0% of the completions pass", "easier problems", "fraction")),
    ({"rewards": {"reward": "x-coder"}}, {"zero_variance": 1.0, "pass_rate": 0.0}, ("rl.group_size (now 8), or",)),
    ({}, {"zero_variance": 1.0, "pass_rate": 1.0}, ("100% of the completions pass", "harder", "learnability")),
    ({"temperature": 0.01}, {"zero_variance": 1.0}, ("too much alike", "rl.temperature (now 0.01)")),
    ({}, {"zero_variance": 1.0, "pass_rate": None}, ("all groups have equal rewards",)),
    ({}, {"zero_variance": 0.99, "pass_rate": 0.0}, ()),
    ({}, {"truncated": 0.7}, ()),
    ({}, {"truncated": None, "no_answer": None, "zero_variance": None, "pass_rate": None}, ()),
]


@pytest.mark.parametrize(("settings", "figures", "words"), CONDITIONS)
def test_what_is_said_of_a_record(
    settings: dict[str, object], figures: dict[str, object], words: tuple[str, ...]
) -> None:
    said = [*step_warnings(config(**settings), record(**figures)).values()]
    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)


POOLS: list[tuple[dict[str, object], list[Problem], tuple[str, ...]]] = [
    ({}, problems(4), ("one problem",)),
    ({}, problems(0, 0, 0), ("3 of 3 are never solved and 0 always", "easier problems", "rl.initial_samples")),
    ({"initial_samples": 8}, problems(8, 8), ("0 of 2 are never solved and 2 always", "harder problems")),
    ({}, problems(0, 8, 8), ("1 of 3 are never solved and 2 always", "between the two")),
    ({}, problems(0, 4, 8), ()),
    ({}, problems(0, None), ()),
    ({"teacher": {"every": 5}}, problems(0), ()),
]


@pytest.mark.parametrize(("settings", "pool", "words"), POOLS)
def test_what_is_said_of_the_problems(settings: dict[str, object], pool: list[Problem], words: tuple[str, ...]) -> None:
    said = pool_warnings(config(**settings), pool)
    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)
    assert not (said and "initial_samples" in settings and "rl.initial_samples" in said[0])


def test_sft_learns_from_problems_of_any_difficulty() -> None:
    sft = msgspec.structs.replace(config(), stage="sft")
    assert pool_warnings(sft, problems(0, 0)) == ()
    assert len(pool_warnings(sft, problems(0))) == 1


def test_a_warning_comes_after_some_steps_and_once() -> None:
    watch = LearningWatch(config(), problems(0, 8))
    said = {step: watch.observe(record(step, truncated=1.0)) for step in range(5, 41, 5)}
    assert [step for step, words in said.items() if words] == [5, PATIENCE]
    assert "medium" in said[5][0]
    assert watch.observe(record(43, truncated=None)) == ()  # nothing was generated
    assert watch.observe(record(44, truncated=1.0)) == ()
    assert watch.observe(record(45)) == ()  # it learns again
    again = {step: watch.observe(record(step, truncated=1.0)) for step in range(46, 66)}
    assert [step for step, words in again.items() if words] == [45 + PATIENCE]


def test_a_short_run_is_warned_at_its_end() -> None:
    watch = LearningWatch(config(), problems(4, 4))
    steps = [msgspec.structs.replace(record(k, zero_variance=1.0), of=3) for k in (1, 2, 3)]
    assert [len(watch.observe(step)) for step in steps] == [0, 0, 1]
