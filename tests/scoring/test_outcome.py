"""What an outcome says: solved needs every test, an IE spoils all of it, no tests are no proof."""

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.scoring.outcome import Outcome, judged

verdicts = st.lists(st.sampled_from(["AC", "WA", "TLE", "RTE", "IE"]), max_size=6)


@given(verdicts, st.integers(0, 7))
def test_solved_means_that_every_test_is_there_and_passed(results: list[str], tests: int) -> None:
    first = next((verdict for verdict in results if verdict != "AC"), "AC")
    outcome = judged(first, results, tests)
    assert outcome.solved == (results == ["AC"] * tests and tests > 0)
    assert outcome.unjudged == ("IE" in results or tests == 0)
    if tests:
        assert outcome.fraction == results.count("AC") / tests


def test_without_a_judgement_nothing_is_solved_and_something_is_known() -> None:
    for status in ("no-answer", "truncated"):
        outcome = Outcome(status)  # type: ignore[arg-type]
        assert (outcome.solved, outcome.unjudged, outcome.fraction) == (False, False, 0.0)
