import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError, ConfigError, EndpointError, SandboxError
from stepsmith.core.records import Problem, TestCase
from stepsmith.curriculum import Observation
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.environment import Answer
from stepsmith.judge.local import LocalJudge
from stepsmith.train import Grader, GradingSettings, HeldBackMonitor, Reply, RewardSettings, observations
from stepsmith.train.grading import GONE, Grade
from stepsmith.train.splitting import split_tests
from tests.envs.test_environments import PROBLEMS
from tests.records import a_problem
from tests.train.graded import ScriptedJudge, counting


def reply(code: str, truncated: bool = False) -> Reply:
    return Reply(text=f"Thus:\n```python\n{code}\n```\n", truncated=truncated)


def passes_first(code: str, test: TestCase) -> str:
    """The program "k" passes the tests with outputs below k; "CE" does not compile."""
    head = code.split("#")[0].strip()
    return "CE" if head == "CE" else "AC" if int(test.output) < int(head) else "WA"


FRACTION = GradingSettings(rewards=RewardSettings(reward="fraction"), hold_back=0)
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
    pairs: list[tuple[Problem, Reply]] = []
    wanted: list[tuple[str, str, float | None]] = []
    failures: dict[str, int] = {}
    problems = [counting(k) for k in range(5)]
    for at, (which, kind, count, fails) in enumerate(batch):
        problem, code = problems[which], f"{count}  # {at}"
        if kind == "none":
            pairs.append((problem, Reply(text="I do not know.")))
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
        with Grader(judge, FRACTION, workers=workers) as grader:
            grades = grader.grade(pairs)
    except SandboxError:
        assert sum(fails > 2 for fails in failures.values()) >= GONE
        return
    assert [(g.problem_id, g.status, g.reward) for g in grades] == wanted


def test_judging_ends_in_another_order_than_it_began() -> None:
    judge = ScriptedJudge(passes_first, slowest_s=0.02, seed=1)
    with Grader(judge, FRACTION, workers=6) as grader:
        grades = grader.grade([(counting(0), reply(f"{k % 9}  # {k}")) for k in range(18)])
    assert judge.finished != sorted(judge.finished, key=lambda code: int(code.split("#")[1]))
    assert [grade.passed for grade in grades] == [k % 9 for k in range(18)]


def test_a_whole_group_is_graded_on_the_same_tests_today_and_tomorrow() -> None:
    tests = set()
    for seed in range(3):
        judge = ScriptedJudge(passes_first, slowest_s=0.002, seed=seed)
        with Grader(judge, GradingSettings(rewards=FRACTION.rewards, most_tests=3), workers=4) as grader:
            grader.grade([(counting(1), reply(f"0  # {seed} {k}")) for k in range(8)])
        assert len(judge.asked) == 8
        tests |= {asked for _, asked in judge.asked}
    assert len(tests) == 1
    assert len(tests.pop()) == 3


def test_equal_answers_are_judged_once_and_each_gets_its_grade() -> None:
    judge = ScriptedJudge(passes_first)
    with Grader(judge, FRACTION, workers=2) as grader:
        grades = grader.grade([(counting(0), reply("8")), (counting(1), reply("8")), (counting(0), reply("8"))])
    assert len(judge.asked) == 2
    assert [grade.reward for grade in grades] == [1.0, 1.0, 1.0]


def test_binary_stops_at_the_first_failure_and_a_fraction_does_not() -> None:
    for rewards, results in ((RewardSettings(), 3), (FRACTION.rewards, 5)):
        judge = ScriptedJudge(lambda code, test: "WA" if test.output in "27" else "AC")
        with Grader(judge, GradingSettings(rewards=rewards, hold_back=0)) as grader:
            (grade,) = grader.grade([(counting(0), reply("1"))])
        assert grade.reward == (0.0 if results == 3 else 6 / 8)
        assert grade.tests == 8


def test_truncated_replies_can_be_left_out() -> None:
    settings = GradingSettings(rewards=RewardSettings(reward="x-coder", mask_truncated=True))
    with Grader(ScriptedJudge(passes_first), settings) as grader:
        grades = grader.grade(
            [(counting(0), reply("8", truncated=True)), (counting(0), Reply(text="?")), (counting(0), reply("CE"))]
        )
    assert [(g.status, g.reward) for g in grades] == [("truncated", None), ("no-answer", -2.0), ("judged", -2.0)]


def test_a_judge_that_goes_away_stops_the_run_with_one_line() -> None:
    def away() -> Exception:
        return ConnectionRefusedError("connection refused")

    codes = [f"8  # {k}" for k in range(GONE)]
    judge = ScriptedJudge(passes_first, failures={f"{code}\n": 99 for code in codes}, error=away)
    with Grader(judge, FRACTION, workers=4) as grader:
        few = grader.grade([(counting(0), reply(code)) for code in codes[:-1]])
        assert {grade.reward for grade in few} == {None}
        with pytest.raises(SandboxError, match=f"failed on {GONE} answers in a row .connection refused.*checkpoint"):
            grader.grade([(counting(0), reply(codes[-1]))])


def test_what_is_wrong_with_the_problem_is_passed_on() -> None:
    judge = ScriptedJudge(passes_first, failures={"8\n": 1}, error=lambda: CaseError("no such checker"))
    with Grader(judge, FRACTION) as grader, pytest.raises(CaseError, match="no such checker"):
        grader.grade([(counting(0), reply("8"))])
    with Grader(judge, FRACTION) as grader, pytest.raises(ConfigError, match="has no tests"):
        grader.grade([(counting(0, tests=0), reply("8"))])


@pytest.mark.parametrize("hold_back", [0.0, 0.25, 0.9])
def test_tests_are_split_without_loss(hold_back: float) -> None:
    problem = a_problem()
    split = split_tests(problem, hold_back, seed=0)
    assert {test.input for test in split.shown} == {"([1, 2],)", "([4],)"}  # as its statement shows
    assert len(split.held_back) == {0.0: 0, 0.25: 1, 0.9: 4}[hold_back]
    assert sorted((*split.shown, *split.rewarded, *split.held_back), key=problem.tests.index) == list(problem.tests)
    assert split.results == len(split.rewarded)
    assert split == split_tests(a_problem(), hold_back, seed=0)


def test_the_split_depends_on_problem_and_seed() -> None:
    held = {split_tests(counting(number), 0.25, seed).held_back for number in range(4) for seed in range(4)}
    assert len(held) > 6


def test_where_the_statement_shows_every_test_they_are_rewarded() -> None:
    problem = msgspec.structs.replace(a_problem(), tests=a_problem().tests[:2])
    split = split_tests(problem, 0.5, seed=0)
    assert split.rewarded == problem.tests
    assert not split.held_back


def test_held_back_tests_are_reported_and_never_rewarded() -> None:
    problem = counting(0)
    with Grader(ScriptedJudge(passes_first), GradingSettings()) as grader:
        held = grader.split(problem).held_back
    assert len(held) == 2

    def hack(code: str, test: TestCase) -> str:
        return "WA" if code.startswith("hack") and test in held else "WA" if code.startswith("bad") else "AC"

    judge = ScriptedJudge(hack)
    with Grader(judge, GradingSettings()) as grader:
        grades = grader.grade([(problem, reply(code)) for code in ("good", "hack", "bad")])
    assert [(g.reward, g.solved, g.passed_held_back) for g in grades] == [
        (1.0, True, True),
        (1.0, True, False),
        (0.0, False, None),
    ]


def test_an_ie_on_held_back_tests_says_nothing() -> None:
    problem = counting(0)
    held = split_tests(problem, 0.25, 0).held_back
    with Grader(ScriptedJudge(lambda code, test: "IE" if test in held else "AC")) as grader:
        (grade,) = grader.grade([(problem, reply("x"))])
    assert (grade.reward, grade.passed_held_back) == (1.0, None)


def grades_of(passed: int, failed: int, problem_id: str = "p") -> list[Grade]:
    one = Grade(problem_id=problem_id, environment="induction", status="judged", reward=1.0, solved=True)
    ok, bad = (msgspec.structs.replace(one, passed_held_back=value) for value in (True, False))
    return [*[ok] * passed, *[bad] * failed, one]


def test_a_gap_is_flagged_by_its_interval() -> None:
    watch = HeldBackMonitor(tolerance=0.05)
    assert not watch.report().suspicious
    watch.observe(grades_of(97, 3))
    honest = watch.report()
    assert (honest.passed, honest.failed, honest.gap) == (100, 3, 0.03)
    assert not honest.suspicious
    assert not honest.jump
    watch.observe([*grades_of(10, 10, "hacked"), *grades_of(20, 2, "rare")])
    hacked = watch.report()
    assert hacked.jump
    assert hacked.suspicious
    assert hacked.problems == ("hacked",)
    assert not watch.report().jump  # nothing new


def test_observations_count_what_was_graded() -> None:
    one = Grade(problem_id="a", environment="induction", status="judged", reward=0.0)
    solved = msgspec.structs.replace(one, reward=1.0, solved=True)
    masked = msgspec.structs.replace(one, reward=None)
    other = msgspec.structs.replace(one, problem_id="b", reward=None)
    assert observations([solved, one, masked, other, solved]) == [
        Observation(problem_id="a", passes=2, attempts=3),
        Observation(problem_id="b", passes=0, attempts=0),
    ]


def test_the_real_judge_grades_every_environment(judge: LocalJudge) -> None:
    batch = []
    for problem in PROBLEMS.values():
        environment = ENVIRONMENTS[problem.environment]
        batch.append((problem, Reply(text=environment.write(environment.golden(problem)))))
        batch.append((problem, Reply(text=environment.write(Answer(text="(99,)")))))
    with Grader(judge, GradingSettings(rewards=RewardSettings(reward="x-coder")), workers=2) as grader:
        rewards = [grade.reward for grade in grader.grade(batch)]
    assert rewards == [5.0, 0.0] * len(PROBLEMS)
