"""One rule for a judge that fails: asked again a few times, and gone after many answers in a row."""

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.scoring.judge_health import GONE_AFTER, RETRIES, JudgeHealth


class Failing:
    """Fails so many times, then answers; counts how often it is asked."""

    def __init__(self, failures: int) -> None:
        self.left, self.asked = failures, 0

    def __call__(self) -> str:
        self.asked += 1
        self.left -= 1
        return "IE" if self.left >= 0 else "AC"


def failed(result: str) -> bool:
    return result == "IE"


@given(st.integers(0, 6), st.integers(0, 4))
def test_an_answer_is_judged_again_as_often_as_allowed(failures: int, retries: int) -> None:
    judge, health = Failing(failures), JudgeHealth()
    assert health.ask(judge, failed, retries) == ("AC" if failures <= retries else "IE")
    assert judge.asked == min(failures, retries) + 1


def test_a_judge_is_gone_after_many_answers_in_a_row_and_is_then_asked_once() -> None:
    health = JudgeHealth()
    for number in range(GONE_AFTER):
        assert not health.gone
        judge = Failing(99)
        health.ask(judge, failed)
        assert judge.asked == 1 + RETRIES, number
    assert health.gone
    judge = Failing(99)
    health.ask(judge, failed)
    assert judge.asked == 1
    assert health.ask(Failing(0), failed) == "AC"
    assert not health.gone


def test_a_judgement_in_between_sets_the_count_back() -> None:
    health = JudgeHealth()
    for _ in range(3):
        for _ in range(GONE_AFTER - 1):
            health.count(failed=True)
        health.count(failed=False)
    assert not health.gone
