"""The scorer: rewards land on their completions, and our own failures are nobody's score."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError, ConfigError, EndpointError, SandboxError
from stepsmith.core.records import Problem, TestCase
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.environment import Answer
from stepsmith.judge.local import LocalJudge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.judge_health import GONE_AFTER
from stepsmith.scoring.scorer import RewardSettings, Scorer, VerdictMemory
from stepsmith.scoring.tests import SplitSettings, split_tests
from tests.envs.test_environments import PROBLEMS
from tests.scoring.scripted import ScriptedJudge, counting, requests_of


def reply(code: str, truncated: bool = False) -> Completion:
    return Completion(text=f"Thus:\n```python\n{code}\n```\n", truncated=truncated)


def passes_first(code: str, test: TestCase) -> str:
    """The program "k" passes the tests with outputs below k; "CE" does not compile."""
    head = code.split("#")[0].strip()
    return "CE" if head == "CE" else "AC" if int(test.output) < int(head) else "WA"


FRACTION = RewardSettings(reward="fraction")
answers = st.tuples(
    st.integers(0, 4),  # problem
    st.sampled_from(["code", "code", "code", "none", "truncated"]),
    st.integers(0, 8),  # tests passed
    st.integers(0, 4),  # IEs first
)


@given(st.lists(answers, max_size=24), st.integers(1, 6), st.integers(0, 2**16), st.booleans())
@settings(max_examples=40, deadline=None)
def test_rewards_land_on_their_replies(
    batch: list[tuple[int, str, int, int]], workers: int, seed: int, raises: bool
) -> None:
    pairs: list[tuple[Problem, Completion]] = []
    wanted: list[tuple[str, str, float | None]] = []
    failures: dict[str, int] = {}
    problems = [counting(k) for k in range(5)]
    for at, (which, kind, count, fails) in enumerate(batch):
        problem, code = problems[which], f"{count}  # {at}"
        if kind == "none":
            pairs.append((problem, Completion(text="I do not know.")))
            wanted.append((problem.id, "no-answer", 0.0))
            continue
        pairs.append((problem, reply(code, truncated=kind == "truncated")))
        if kind == "truncated":
            wanted.append((problem.id, "truncated", 0.0))
        else:
            failures[code + "\n"] = fails
            wanted.append((problem.id, "judged", count / 8 if fails <= 2 else None))  # asked three times
    judge = ScriptedJudge(
        passes_first,
        failures=failures,
        error=(lambda: EndpointError("overloaded")) if raises else None,
        slowest_s=0.003,
        seed=seed,
    )
    try:
        with Scorer(judge, FRACTION, workers=workers) as scorer:
            scored = scorer.score_batch(requests_of(pairs))
    except SandboxError:
        assert sum(fails > 2 for fails in failures.values()) >= GONE_AFTER
        return
    assert [(g.problem_id, g.status, g.reward) for g in scored] == wanted


def test_a_memory_judges_an_answer_once() -> None:
    """Unless its time ran out, other tests are rewarded, or every test is needed. The oldest answers are forgotten."""

    def verdict(code: str, test: TestCase) -> str:
        return "TLE" if "slow" in code else passes_first(code, test)

    judge, memory = ScriptedJudge(verdict), VerdictMemory(most=2)
    batch = requests_of([(counting(0), reply(code)) for code in ("3", "8", "2  # slow")])
    with Scorer(judge, memory=memory) as scorer:
        first = scorer.score_batch(batch)
        assert [one.verdict for one in first] == ["WA", "AC", "TLE"]
        assert scorer.score_batch(batch) == first
        assert judge.finished == ["3\n", "8\n", "2  # slow\n", "2  # slow\n"]
        fewer = split_tests(counting(0), SplitSettings(most_tests=2, hold_back=0))
        (other,) = scorer.score_batch([batch[1]._replace(tests=fewer)])
        assert other.tests == 2
        assert judge.finished[4:] == ["8\n"]
        assert scorer.score_batch(batch[:2]) == first[:2]
        assert judge.finished[5:] == ["3\n"]  # it was the oldest of three
    with Scorer(judge, FRACTION, memory=memory) as scorer:
        assert scorer.score_batch(batch[:1])[0].reward == 3 / 8


def test_judging_ends_in_another_order_than_it_began() -> None:
    judge = ScriptedJudge(passes_first, slowest_s=0.02, seed=1)
    with Scorer(judge, FRACTION, workers=6) as scorer:
        scored = scorer.score_batch(requests_of([(counting(0), reply(f"{k % 9}  # {k}")) for k in range(18)]))
    assert judge.finished != sorted(judge.finished, key=lambda code: int(code.split("#")[1]))
    assert [one.passed for one in scored] == [k % 9 for k in range(18)]


def test_a_whole_group_is_scored_on_the_same_tests_today_and_tomorrow() -> None:
    tests = set()
    for seed in range(3):
        judge = ScriptedJudge(passes_first, slowest_s=0.002, seed=seed)
        with Scorer(judge, FRACTION, workers=4) as scorer:
            scorer.score_batch(
                requests_of([(counting(1), reply(f"0  # {seed} {k}")) for k in range(8)], SplitSettings(most_tests=3))
            )
        assert len(judge.asked) == 8
        tests |= {asked for _, asked in judge.asked}
    assert len(tests) == 1
    assert len(tests.pop()) == 3


def test_equal_answers_are_judged_once_and_each_gets_its_score() -> None:
    judge = ScriptedJudge(passes_first)
    with Scorer(judge, FRACTION, workers=2) as scorer:
        scored = scorer.score_batch(
            requests_of([(counting(0), reply("8")), (counting(1), reply("8")), (counting(0), reply("8"))])
        )
    assert len(judge.asked) == 2
    assert [one.reward for one in scored] == [1.0, 1.0, 1.0]


def test_binary_stops_at_the_first_failure_and_a_fraction_does_not() -> None:
    for rewards, results in ((RewardSettings(), 3), (FRACTION, 5)):
        judge = ScriptedJudge(lambda code, test: "WA" if test.output in "27" else "AC")
        with Scorer(judge, rewards) as scorer:
            (one,) = scorer.score_batch(requests_of([(counting(0), reply("1"))]))
        assert one.reward == (0.0 if results == 3 else 6 / 8)
        assert one.tests == 8


def test_truncated_replies_can_be_left_out() -> None:
    settings = RewardSettings(reward="x-coder", mask_truncated=True)
    with Scorer(ScriptedJudge(passes_first), settings) as scorer:
        scored = scorer.score_batch(
            requests_of(
                [
                    (counting(0), reply("8", truncated=True)),
                    (counting(0), Completion(text="?")),
                    (counting(0), reply("CE")),
                ]
            )
        )
    assert [(g.status, g.reward) for g in scored] == [("truncated", None), ("no-answer", -2.0), ("judged", -2.0)]


def test_a_judge_that_goes_away_stops_the_run_with_one_line() -> None:
    def away() -> Exception:
        return ConnectionRefusedError("connection refused")

    codes = [f"8  # {k}" for k in range(GONE_AFTER)]
    judge = ScriptedJudge(passes_first, failures={f"{code}\n": 99 for code in codes}, error=away)
    with Scorer(judge, FRACTION, workers=4) as scorer:
        few = scorer.score_batch(requests_of([(counting(0), reply(code)) for code in codes[:-1]]))
        assert {one.reward for one in few} == {None}
        with pytest.raises(SandboxError, match=f"failed on {GONE_AFTER} answers in a row .connection refused.*resume"):
            scorer.score_batch(requests_of([(counting(0), reply(codes[-1]))]))


def test_what_is_wrong_with_the_problem_is_passed_on() -> None:
    judge = ScriptedJudge(passes_first, failures={"8\n": 1}, error=lambda: CaseError("no such checker"))
    with Scorer(judge, FRACTION) as scorer, pytest.raises(CaseError, match="no such checker"):
        scorer.score_batch(requests_of([(counting(0), reply("8"))]))
    with Scorer(judge, FRACTION) as scorer, pytest.raises(ConfigError, match="has no tests"):
        scorer.score_batch(requests_of([(counting(0, tests=0), reply("8"))]))


def test_held_back_tests_are_reported_and_never_rewarded() -> None:
    problem = counting(0)
    held = split_tests(problem, SplitSettings()).held_back
    assert len(held) == 2

    def hack(code: str, test: TestCase) -> str:
        return "WA" if code.startswith("hack") and test in held else "WA" if code.startswith("bad") else "AC"

    judge = ScriptedJudge(hack)
    with Scorer(judge) as scorer:
        scored = scorer.score_batch(
            requests_of([(problem, reply(code)) for code in ("good", "hack", "bad")], SplitSettings())
        )
    assert [(g.reward, g.solved, g.passed_held_back) for g in scored] == [
        (1.0, True, True),
        (1.0, True, False),
        (0.0, False, None),
    ]


def test_an_ie_on_held_back_tests_says_nothing() -> None:
    problem = counting(0)
    held = split_tests(problem, SplitSettings()).held_back
    with Scorer(ScriptedJudge(lambda code, test: "IE" if test in held else "AC")) as scorer:
        (one,) = scorer.score_batch(requests_of([(problem, reply("x"))], SplitSettings()))
    assert (one.reward, one.passed_held_back) == (1.0, None)


def test_the_real_judge_scores_every_environment(judge: LocalJudge) -> None:
    batch = []
    for problem in PROBLEMS.values():
        environment = ENVIRONMENTS[problem.environment]
        batch.append((problem, Completion(text=environment.write(environment.golden(problem)))))
        batch.append((problem, Completion(text=environment.write(Answer(text="(99,)")))))
    with Scorer(judge, RewardSettings(reward="x-coder"), workers=2) as scorer:
        rewards = [one.reward for one in scorer.score_batch(requests_of(batch, SplitSettings()))]
    assert rewards == [5.0, 0.0] * len(PROBLEMS)
