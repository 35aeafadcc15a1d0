"""The law of all users of scoring: what goes wrong with a judge changes no score and no order.

The users are rating, evaluation, RL, the reward function for TRL, the public ``score`` and verl's reward file.
"""

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import stepsmith as st
from stepsmith.core.errors import ConfigError, EndpointError, StepsmithError
from stepsmith.core.records import Problem, TestCase
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.rating import rate
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import Scorer
from stepsmith.scoring.tests import SplitSettings
from stepsmith.synth.draft import Attempts
from tests.scoring.scripted import ScriptedJudge, counting

Score = float | None
User = Callable[[Judge, Problem, Sequence[str]], list[Score]]
TESTS = SplitSettings(hold_back=0)
PROBLEM = counting(0)
# Programs "k" pass the tests with outputs below k, of eight tests; two are equal, one has no program.
TEXTS = [f"Thus:\n```python\n{code}\n```\n" for code in ("8  # a", "3  # b", "8  # c", "0  # d", "8  # a")] + ["?"]
CODES = ["8  # a\n", "3  # b\n", "8  # c\n", "0  # d\n"]
SCORES = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]


def passes_first(code: str, test: TestCase) -> str:
    return "AC" if int(test.output) < int(code.split("#")[0]) else "WA"


class Says:
    """A student that gives these texts."""

    name = "says"

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def attempts(self, draft: object, problem: Problem, rng: random.Random) -> Attempts:
        return lambda n: [Completion(text=text) for text in self._texts[:n]]


def by_rating(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
    """One completion at a time: a rating has no order. What could not be judged leaves no attempt, or an error;
    what has no answer is counted apart."""
    scores: list[Score] = []
    with Scorer(judge) as scorer:
        for text in texts:
            try:
                found = rate(Says([text]), None, problem, 1, scorer, random.Random(1))  # type: ignore[arg-type]
            except StepsmithError:
                scores.append(None)
            else:
                scores.append(float(found.rate.passes) if found.rate.attempts or found.unreadable else None)
    return scores


def by_score(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
    return [one.reward for one in st.score(problem, texts, judge=judge)]


def by_trl_function(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
    with st.reward_function([problem], hold_back=0, judge=judge) as reward:
        return reward(completions=[[{"role": "assistant", "content": t}] for t in texts], problem_id=[problem.id] * 6)


def by_evaluation(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
    from stepsmith.train.evaluation import sample_rollouts

    class Policy:
        prompt_format = type("Format", (), {"max_completion_length": 9})

        def prompt(self, problem: Problem) -> str:
            return problem.statement

        def complete(self, *_: object) -> list[list[Completion]]:
            return [[Completion(text=text) for text in texts]]

    with Scorer(judge, workers=3) as scorer:
        found = sample_rollouts(Policy(), [problem], scorer, TESTS, samples=6, temperature=1.0, seed=0)  # type: ignore[arg-type]
    return [one.reward for one in found.scored[0]]


@pytest.fixture(scope="module")
def by_rl(tmp_path_factory: pytest.TempPathFactory) -> User:
    from tests.train.small_runs import ByRule, an_rl_trainer, by_hash, rl_config

    config = rl_config(tests={"hold_back": 0}, group_size=6)
    folder = tmp_path_factory.mktemp("rl")

    def use(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
        trainer = an_rl_trainer(config, [problem], ByRule(by_hash), folder)
        end = trainer._policy.tokenizer.eos_token_id
        with Scorer(judge, workers=3) as trainer._scorer:
            return trainer._reward(
                completions=[[{"role": "assistant", "content": text}] for text in texts],
                completion_ids=[[5, end]] * len(texts),
                place=[0] * len(texts),
            )

    return use


@pytest.fixture
def by_verl(tmp_path: Path) -> User:
    from tests.serve.conftest import running
    from tests.train.verl.rendered import load_reward, truth

    reward = load_reward(tmp_path)

    def use(judge: Judge, problem: Problem, texts: Sequence[str]) -> list[Score]:
        ground_truth = truth(problem, TESTS)

        def score(text: str, address: str) -> Score:
            try:
                return reward.compute_score(text, ground_truth, judge_url=address)["score"]
            except reward.LeftOutError:
                return None

        with running(judge) as address, ThreadPoolExecutor(3) as threads:
            return list(threads.map(lambda text: score(text, f"http://127.0.0.1:{address.port}"), texts))

    return use


@pytest.fixture(params=["rating", "score", "trl_function", "evaluation", "rl", "verl"])
def user(request: pytest.FixtureRequest) -> Iterator[User]:
    if request.param in ("rl", "verl"):
        yield request.getfixturevalue(f"by_{request.param}")
    else:
        yield globals()[f"by_{request.param}"]


@pytest.mark.parametrize(
    "trouble",
    [
        {},
        {"slowest_s": 0.01, "seed": 1},  # judgements end in another order
        {"slowest_s": 0.01, "seed": 2},
        {"failures": dict.fromkeys(CODES, 1)},  # each answer fails once
        {"failures": dict.fromkeys(CODES, 2), "slowest_s": 0.005},
        {"failures": dict.fromkeys(CODES, 2), "error": lambda: EndpointError("overloaded")},
    ],
    ids=["calm", "shuffled", "shuffled again", "failing", "failing twice", "overloaded"],
)
def test_troubles_of_the_judge_change_no_score_and_no_order(user: User, trouble: dict) -> None:
    if "error" in trouble and "verl" in getattr(user, "__qualname__", ""):
        trouble = trouble | {"error": None}  # behind a server it is the server that meets the error
    judge = Behind(passes_first, **trouble)
    assert user(judge, PROBLEM, TEXTS) == SCORES


def test_what_cannot_be_judged_has_no_score(user: User) -> None:
    judge = Behind(passes_first, failures={CODES[1]: 99, CODES[2]: 99})
    assert user(judge, PROBLEM, TEXTS) == [1.0, None, None, 0.0, 1.0, 0.0]


def test_no_tests_is_no_pass(user: User) -> None:
    """Where a pool is loaded the problem is refused; elsewhere nothing is solved and nothing is scored."""
    scores: list[Score] = []
    with contextlib.suppress(ConfigError):
        scores = user(Behind(passes_first), counting(0, tests=0), TEXTS)
    assert set(scores) <= {None, 0.0}


class Behind(ScriptedJudge):
    """A scripted judge that can stand behind a server."""

    def run_program(self, program: object) -> None:
        raise AssertionError
