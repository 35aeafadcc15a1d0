"""Policies that cheat: none gets more than its honest reward, which for all of these is that of knowing nothing.

``cheats/<problem>/problem.toml`` is a problem with an honest answer; beside it lie programs (``.py``, their first lines
say what they try and what stops it) and whole replies (``.reply``). None would be a gain too: a sample that is left out
is not punished.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Limits, Problem, Solution, TestCase
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.judge.local import LocalJudge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.outcome import Outcome
from stepsmith.scoring.rewards import REWARDS
from stepsmith.scoring.scorer import RewardSettings, Scorer
from stepsmith.scoring.tests import SplitSettings, split_tests
from stepsmith.train.held_back import HeldBackMonitor
from tests.records import a_problem
from tests.scoring.scripted import requests_of

FOLDER = Path(__file__).parent / "cheats"
CHEATS = sorted([*FOLDER.glob("*/*.py"), *FOLDER.glob("*/*.reply")])
BUILT_IN = ("binary", "x-coder")  # the first failure ends judging in the one and does not in the other


def problem_in(folder: Path) -> Problem:
    about = tomllib.loads((folder / "problem.toml").read_text())
    limits = {name: about[name] for name in ("time_s", "wall_s", "memory_mb", "output_mb") if name in about}
    return a_problem(
        title=folder.name,
        environment=about["environment"],
        statement=about["statement"],
        contract=Contract(
            interface=about["interface"],
            entry_point=about.get("entry_point"),
            limits=Limits(**limits),
            checker=Checker(name=about["checker"]),
        ),
        starter_code="",
        task=msgspec.json.encode(about.get("task", {})).decode(),
        tests=tuple(TestCase(input=given, output=wanted) for given, wanted in about["tests"]),
        golden=Solution(language="python", code=about["honest"]),
        wrong=(),
    )


def reply_of(problem: Problem, path: Path) -> Completion:
    if path.suffix == ".reply":
        return Completion(text=path.read_text())
    return Completion(text=ENVIRONMENTS[problem.environment].write(Answer(text=path.read_text())))


@pytest.fixture(scope="module", params=BUILT_IN)
def scorer(request: pytest.FixtureRequest, judge: LocalJudge) -> Iterator[Scorer]:
    with Scorer(judge, RewardSettings(reward=request.param)) as scorer:
        scorer.name = request.param  # type: ignore[attr-defined]
        yield scorer


@pytest.mark.parametrize("folder", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_the_honest_answer_gets_the_whole_reward(scorer: Scorer, folder: Path) -> None:
    problem = problem_in(folder)
    (one,) = scorer.score_batch(
        requests_of([(problem, Completion(text=f"```python\n{problem.golden.code.strip()}\n```\n"))], SplitSettings())
    )
    assert one.reward == {"binary": 1.0, "x-coder": 5.0}[scorer.name]  # type: ignore[attr-defined]
    assert one.passed_held_back in ((True,) if problem.environment == "induction" else (None,))


@pytest.mark.parametrize("path", CHEATS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_cheating_does_not_pay(scorer: Scorer, path: Path) -> None:
    problem = problem_in(path.parent)
    (one,) = scorer.score_batch(requests_of([(problem, reply_of(problem, path))], SplitSettings()))
    honest = REWARDS[scorer.name].function(  # type: ignore[attr-defined]
        Outcome("judged", "WA", 0, 1)
    )
    assert honest == 0.0
    assert one.reward is not None, one
    assert one.reward <= honest, one


def test_programs_say_what_they_try() -> None:
    programs = [path for path in CHEATS if path.suffix == ".py"]
    assert len(programs) > 25
    for path in programs:
        assert [line.partition(":")[0] for line in path.read_text().splitlines()[:2]] == ["# cheat", "# stopped by"]


def test_what_learnt_the_rewarded_tests_by_heart_is_flagged(judge: LocalJudge) -> None:
    problem, watch = problem_in(FOLDER / "even_sum"), HeldBackMonitor()
    with Scorer(judge) as scorer:
        split = split_tests(problem, SplitSettings())
        assert split.held_back
        table = {test.input: test.output for test in split.rewarded}
        for k in range(4):
            program = f"# {k}\ndef even_sum(nums):\n    return eval({table!r}.get(repr((nums,)), '0'))\n"
            (one,) = scorer.score_batch(
                requests_of([(problem, Completion(text=f"```python\n{program}```\n"))], SplitSettings())
            )
            assert (one.reward, one.passed_held_back) == (1.0, False)
            watch.observe([one])
    report = watch.report()
    assert report.suspicious
    assert report.problems == (problem.id,)
