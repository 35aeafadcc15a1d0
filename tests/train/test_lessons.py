"""What SFT teaches: golden answers, with reasoning if wanted, and controls of the same size."""

import pytest

pytest.importorskip("torch")

from stepsmith.train.lessons import golden_reply, lessons
from stepsmith.train.settings import SftSettings
from tests.train.small_runs import a_policy, some_problems

PROBLEMS = some_problems(6)


def answers(settings: SftSettings) -> list[str]:
    found = lessons(a_policy(PROBLEMS), PROBLEMS, settings, seed=1)
    assert found == lessons(a_policy(PROBLEMS), PROBLEMS, settings, seed=1)
    return [row["completion"][0]["content"] for row in found]  # type: ignore[index]


def test_a_lesson_is_the_prompt_with_its_answer() -> None:
    assert answers(SftSettings()) == [golden_reply(problem) for problem in PROBLEMS]
    thought = answers(SftSettings(reasoning=True))
    for problem, text in zip(PROBLEMS, thought, strict=True):
        assert text.endswith(golden_reply(problem))
        assert text.startswith("The first example begins with ")


def test_shuffled_answers_are_those_of_other_problems() -> None:
    own, shuffled = answers(SftSettings()), answers(SftSettings(control="shuffled"))
    assert sorted(own) == sorted(shuffled)
    assert all(mine != other for mine, other in zip(own, shuffled, strict=True))


def test_raw_code_has_as_many_tokens() -> None:
    policy = a_policy(PROBLEMS)
    rows = lessons(policy, PROBLEMS, SftSettings(control="raw-code"), seed=1)
    sizes = [len(policy.encode(policy.prompt(problem), golden_reply(problem))) for problem in PROBLEMS]
    assert [len(row["input_ids"]) for row in rows] == sizes  # type: ignore[arg-type]
    assert [sum(row["completion_mask"]) for row in rows] == sizes  # type: ignore[arg-type, call-overload]
