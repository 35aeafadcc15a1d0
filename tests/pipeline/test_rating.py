"""What the teacher is shown of a student's attempts, and how attempts are counted."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import islice

import msgspec

from stepsmith.core.records import (
    Contract,
    Execution,
    Judgement,
    Problem,
    Solution,
    TestCase,
    TestResult,
    Verdict,
)
from stepsmith.envs.deduction import DeductionTask
from stepsmith.pipeline.rating import RatingSettings, rate, representative, tally
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import Attempts
from tests.records import a_problem


class Strict:
    """A judge by whom a program is right that says so, and fails on the test that it names."""

    isolation = "L1"

    def judge(self, solution: Solution, contract: Contract, tests: Sequence[TestCase], **_: object) -> Judgement:
        if "right" in solution.code:
            return Judgement(verdict=Verdict.AC, tests=(TestResult(verdict=Verdict.AC),) * len(tests))
        failing = int(solution.code.split("#")[1]) if "#" in solution.code else 1
        passed = (TestResult(verdict=Verdict.AC),) * (failing - 1)
        return Judgement(verdict=Verdict.WA, tests=(*passed, TestResult(verdict=Verdict.WA)))

    def execute(self, *_: object) -> list[Execution]:
        return []

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        return expected == actual

    def close(self) -> None: ...


class Says:
    """A student with its replies written down."""

    name = "says"

    def __init__(self, *completions: Completion) -> None:
        self.completions = iter(completions)

    def attempts(self, draft: object, problem: Problem, rng: random.Random) -> Attempts:
        return lambda n: list(islice(self.completions, n))


RNG = random.Random(1)


def scorer() -> Scorer:
    return Scorer(Strict())


def code(text: str) -> str:
    return f"```python\n{text}\n```"


def test_no_answer_and_truncated_are_counted_apart() -> None:
    student = Says(
        Completion(text=code("right")),
        Completion(text="I give up."),
        Completion(text="```python\nfor", truncated=True),
        Completion(text=code("right"), truncated=True),  # it ends with a whole program, and may not have been the last
        Completion(text=code("wrong")),
    )
    rating = rate(student, None, a_problem(), 5, Scorer(Strict()), random.Random(1))  # type: ignore[arg-type]
    assert rating.verdicts == {"AC": 1, "none": 1, "truncated": 2, "WA": 1}
    assert (rating.rate.passes, rating.rate.attempts, rating.unreadable) == (1, 2, 3)
    assert tally(rating.verdicts) == "truncated 2, AC 1, WA 1, none 1"


def test_the_failed_attempts_shown_failed_in_different_ways() -> None:
    common = [Completion(text=code(f"wrong{i} #2")) for i in range(5)]
    student = Says(
        *common, Completion(text=code("wrong #7")), Completion(text=code("right")), Completion(text=code("also right"))
    )
    feedback = rate(student, None, a_problem(), 8, Scorer(Strict()), random.Random(1)).feedback  # type: ignore[arg-type]
    assert [attempt.text for attempt in feedback.failed] == [code("wrong0 #2"), code("wrong #7")]
    assert [attempt.why for attempt in feedback.failed] == [
        "returned something else than 4 on input 2, even_sum([4])",
        "returned something else than -2 on input 7, even_sum([-2, 3])",
    ]
    assert len(feedback.solved) == 2
    assert feedback.shown == "even_sum([1, 2]); even_sum([4])"


def test_failures_of_content_are_shown_wherever_there_are_such() -> None:
    formless = [Completion(text="I give up."), Completion(text="Well, no."), Completion(text="for", truncated=True)]

    def shown(*more: Completion) -> list[str]:
        student = Says(*formless * 3, *more)
        rating = rate(student, None, a_problem(), 99, Scorer(Strict()), random.Random(1))  # type: ignore[arg-type]
        return [attempt.text for attempt in rating.feedback.failed]

    wrong = [Completion(text=code("wrong #2")), Completion(text=code("wrong #3"))]
    assert shown(*wrong) == [code("wrong #2"), code("wrong #3")]
    assert shown(wrong[0]) == [code("wrong #2"), "I give up."]
    assert shown() == ["I give up.", "for"]


def test_of_values_that_are_wrong_different_ones_are_shown() -> None:
    problem = a_problem(
        environment="deduction",
        task=msgspec.json.encode(DeductionTask(program="def even_sum(v): ...", input="([4],)")).decode(),
        tests=(TestCase(input="([4],)", output="4"),),
    )
    student = Says(*(Completion(text=code(value)) for value in ("5", "5", "5", "6", "4")))
    feedback = rate(student, None, problem, 5, Scorer(Strict()), random.Random(1)).feedback  # type: ignore[arg-type]
    assert [attempt.why for attempt in feedback.failed] == [
        "answered 5 where 4 is right, for even_sum([4])",
        "answered 6 where 4 is right, for even_sum([4])",
    ]
    assert feedback.shown == "even_sum([4])"


def test_the_most_frequent_comes_first_then_the_most_different() -> None:
    replies = [("a", "sort the list"), ("a", "sort the list now"), ("a", "count with a heap"), ("a", "sort the list")]
    assert representative(replies) == (("a", "sort the list"), ("a", "count with a heap"))
    assert representative([]) == ()
    assert representative(replies, 0) == ()
    assert representative([("a", "one")] * 9) == (("a", "one"),)


def test_an_ending_of_its_own_comes_before_mere_difference() -> None:
    replies = [("WA", "x y z"), ("WA", "x y z"), ("WA", "quite other words"), ("TLE", "x y z too")]
    assert [text for _, text in representative(replies)] == ["x y z", "x y z too"]
    assert [text for _, text in representative(replies, 3)] == ["x y z", "x y z too", "quite other words"]


def test_a_tally_reads_from_the_most_frequent() -> None:
    assert tally(Counter({"none": 2, "AC": 12, "WA": 2})) == "AC 12, WA 2, none 2"


def test_the_contract_is_not_looked_at() -> None:
    stdio = a_problem(contract=Contract(interface="stdio"))
    assert rate(Says(), None, stdio, 0, Scorer(Strict()), random.Random(1)).rate.attempts == 0  # type: ignore[arg-type]


def test_attempts_go_on_until_the_band_is_settled() -> None:
    settings = RatingSettings()
    always = rate(Says(*[Completion(text=code("right"))] * 99), None, a_problem(), 32, scorer(), RNG, settings)
    assert (always.rate.attempts, always.rate.band) == (settings.extreme, "easy")
    edge = rate(
        Says(*(Completion(text=code("right" if k % 5 < 3 else "wrong")) for k in range(99))),
        None,
        a_problem(),
        32,
        scorer(),
        RNG,
        settings,
    )
    assert (edge.rate.attempts, edge.rate.band) == (32, None)  # .6 is next to the edge at .61
    fixed = rate(Says(*[Completion(text=code("right"))] * 99), None, a_problem(), 32, scorer(), RNG)
    assert fixed.rate.attempts == 32


def test_unreadable_attempts_use_up_the_cap_and_settle_nothing() -> None:
    rating = rate(Says(*[Completion(text="Hm.")] * 99), None, a_problem(), 20, scorer(), RNG, RatingSettings())
    assert (rating.rate.attempts, rating.rate.band, rating.unreadable) == (0, None, 20)


def test_an_answer_is_judged_once_over_all_batches() -> None:
    judge = Strict()
    asked: list[str] = []
    judge.judge = lambda solution, *_, **__: asked.append(solution.code) or Judgement(verdict=Verdict.WA)  # type: ignore[method-assign, func-returns-value]
    same = [Completion(text=code("wrong"))] * 99
    rating = rate(Says(*same), None, a_problem(), 32, Scorer(judge), RNG, RatingSettings())
    assert (len(asked), rating.rate.attempts) == (1, RatingSettings().extreme)
