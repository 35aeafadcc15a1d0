"""Measuring: pass@k, who counts, in which groups, and that a measurement is the same twice."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import msgspec
import torch

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.core.records import Problem, Verdict
from stepsmith.core.stats import pass_rate
from stepsmith.evaluate.asking import Asked, ask
from stepsmith.evaluate.metrics import figures_of_counts, metrics_of
from stepsmith.evaluate.scoring import score_samples
from stepsmith.judge.local import LocalJudge
from stepsmith.llm.records import Sampling
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import RewardSettings, ScoredCompletion, Scorer, ScoringRequest
from stepsmith.scoring.tests import SplitSettings
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.train.evaluation import evaluate, group_names, sample_rollouts, with_rates
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy, PromptFormat
from stepsmith.train.policy_model import PolicyModel
from stepsmith.train.settings import EvalSettings, ModelSettings
from tests.scoring.scripted import counting
from tests.train.small_runs import ByRule, a_policy, by_hash, some_problems

PROBLEMS = some_problems(5)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return a_policy(PROBLEMS)


SPLIT = SplitSettings()


class Verdicts(Scorer):
    """Per problem the outcome of each reply in turn: passed, failed, not judged (None), cut off, without an answer."""

    def __init__(self, table: dict[str, str]) -> None:
        self._table = table

    def score_batch(self, requests: Sequence[ScoringRequest], known: object = None) -> list[ScoredCompletion]:
        turn: dict[str, int] = {}
        scored = []
        for problem, *_ in requests:
            at = turn[problem.id] = turn.get(problem.id, -1) + 1
            outcome = self._table[problem.id][at]
            scored.append(
                ScoredCompletion(
                    problem_id=problem.id,
                    environment=problem.environment,
                    status={"t": "truncated", "n": "no-answer"}.get(outcome, "judged"),  # type: ignore[arg-type]
                    reward=None if outcome == "?" else float(outcome == "+"),
                    verdict=Verdict.AC if outcome == "+" else Verdict.WA,
                    solved=outcome == "+",
                )
            )
        return scored

    def close(self) -> None:
        pass


def test_scores_by_hand(policy: Policy) -> None:
    """Replies that could not be judged count nowhere; problems that never were, not either."""
    easy = msgspec.structs.replace(PROBLEMS[0], pass_rate=pass_rate(9, 10))
    long = next(p for p in PROBLEMS if len(p.features) == 2)
    none = counting(0)
    problems = [easy, long, none]
    table = {easy.id: "++-+", long.id: "+?tn", none.id: "????"}
    settings = EvalSettings(samples=4, temperature=1.0)
    found = evaluate(policy, problems, settings, Verdicts(table), SPLIT, stage="rl", step=7)
    everyone = found.groups["all"]
    assert (found.step, found.stage, everyone.problems, everyone.samples) == (7, "rl", 2, 4)
    assert everyone.pass_at_1 == pytest.approx((3 / 4 + 1 / 3) / 2)
    figures = figures_of_counts([(4, 3), (3, 1)])
    assert (everyone.low, everyone.high) == (figures.low, figures.high)
    assert everyone.pass_at_k["2"] == pytest.approx((1.0 + 2 / 3) / 2)
    assert set(everyone.pass_at_k) == {"1", "2"}  # only three replies of the second were judged
    assert (everyone.truncated, everyone.no_answer) == (1 / 12, 1 / 12)
    assert found.groups["easy"].pass_at_1 == 3 / 4
    assert found.groups["2 features"].pass_at_1 == pytest.approx(
        1 / 3 if len(easy.features) == 1 else everyone.pass_at_1
    )
    assert "induction" not in found.groups  # of one environment alone it would repeat "all"
    assert next(iter(found.groups)) == "all"


def test_greedy_evaluations_take_one_sample(policy: Policy) -> None:
    scorer = ByRule(by_hash)
    found = evaluate(policy, PROBLEMS, EvalSettings(samples=4, temperature=0.0), scorer, SPLIT, stage="sft", step=0)
    assert found.groups["all"].samples == 1
    assert [request.problem.id for request in scorer.batches[0]] == [problem.id for problem in PROBLEMS]


def test_the_same_policy_gets_the_same_scores(policy: Policy) -> None:
    settings = EvalSettings(samples=3)
    first, second = (
        evaluate(policy, PROBLEMS, settings, ByRule(by_hash), SPLIT, stage="sft", step=0) for _ in range(2)
    )
    assert first == second


def test_sets_and_losses_have_their_groups(policy: Policy) -> None:
    settings, sets = EvalSettings(temperature=0.0), {PROBLEMS[0].id: "real", PROBLEMS[2].id: "real"}
    found = evaluate(policy, PROBLEMS, settings, ByRule(by_hash), SPLIT, stage="sft", step=0, sets=sets).groups
    assert found["real"].problems == 2
    golden = [golden_reply(problem) for problem in PROBLEMS]
    losses = policy.losses([(policy.prompt(problem), reply) for problem, reply in zip(PROBLEMS, golden, strict=True)])
    assert found["all"].loss == pytest.approx(sum(losses) / sum(map(len, golden)))
    assert found["real"].loss == pytest.approx((losses[0] + losses[2]) / (len(golden[0]) + len(golden[2])))


def test_rollouts_belong_to_their_problems(policy: Policy) -> None:
    rollouts = sample_rollouts(policy, PROBLEMS, ByRule(by_hash), SPLIT, samples=3, temperature=1.0, seed=0)
    assert [[one.problem_id for one in scored] for scored in rollouts.scored] == [[p.id] * 3 for p in PROBLEMS]


def test_rollouts_are_kept_for_who_asks_the_same(policy: Policy, tmp_path: Path) -> None:
    """Another policy, order of problems, seed, temperature, number of replies or grading is asked anew."""
    how: dict[str, Any] = {"samples": 2, "temperature": 1.0, "seed": 0, "keep": tmp_path / "kept"}
    first = sample_rollouts(policy, PROBLEMS, ByRule(by_hash), SPLIT, **how)
    again = ByRule(by_hash)
    assert sample_rollouts(policy, PROBLEMS, again, SPLIT, **how) == first
    assert again.batches == []
    other = a_policy(PROBLEMS)
    with torch.no_grad():
        next(iter(other.model.parameters())).add_(1e-3)
    strict = ByRule(by_hash)
    strict.rewards = RewardSettings(reward="fraction")
    changes: list[tuple[Policy, list[Problem], ByRule, dict[str, Any]]] = [
        (other, PROBLEMS, ByRule(by_hash), {}),
        (policy, PROBLEMS[::-1], ByRule(by_hash), {}),
        (policy, PROBLEMS, strict, {}),
        *(
            (policy, PROBLEMS, ByRule(by_hash), change)
            for change in ({"samples": 3}, {"temperature": 0.5}, {"seed": 1})
        ),
    ]
    for asked, problems, scorer, change in changes:
        sample_rollouts(asked, problems, scorer, SPLIT, **how | change)
        assert len(scorer.batches) == 1


def test_a_policy_is_known_by_its_weights_and_form(policy: Policy, tmp_path: Path) -> None:
    policy.save(tmp_path)
    settings = ModelSettings(path=str(tmp_path), context=policy.context)
    assert Policy.open(settings).fingerprint() == policy.fingerprint()
    assert (
        Policy.open(settings, PromptFormat(prompt="brief", max_completion_length=3)).fingerprint()
        != policy.fingerprint()
    )


def test_rates_take_the_place_of_another_students(policy: Policy) -> None:
    solved = PROBLEMS[1]
    rule = lambda problem, _: 1.0 if problem.id == solved.id else 0.0 if problem.id != PROBLEMS[2].id else None  # noqa: E731
    old = [msgspec.structs.replace(problem, pass_rate=pass_rate(5, 9)) for problem in PROBLEMS]
    found = with_rates(old, sample_rollouts(policy, old, ByRule(rule), SPLIT, samples=4, temperature=1.0, seed=0))
    expected = {PROBLEMS[1].id: pass_rate(4, 4), PROBLEMS[2].id: pass_rate(0, 0)}
    assert [p.pass_rate for p in found] == [expected.get(p.id, pass_rate(0, 4)) for p in PROBLEMS]
    assert [p.id for p in found] == [p.id for p in PROBLEMS]


def test_groups_of_a_problem() -> None:
    def names(problem: Problem, **changes: object) -> tuple[str, ...]:
        return group_names(msgspec.structs.replace(problem, **changes))

    problem = next(p for p in PROBLEMS if len(p.features) == 2)
    assert names(problem) == ("induction", "2 features")
    assert names(problem, features=problem.features[:1], pass_rate=pass_rate(0, 8)) == (
        "induction",
        "1 feature",
        "hard",
    )
    assert names(problem, features=(), pass_rate=pass_rate(0, 0)) == ("induction",)


def test_a_held_out_score_is_the_score_of_an_evaluation(
    judge: LocalJudge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same replies of one policy: measured by ``train``, and sampled and scored by ``evaluate``."""
    problems = PROBLEMS[:3]
    policy = a_policy(problems, PromptFormat(prompt="full"))
    golden = {policy.prompt(problem): golden_reply(problem) for problem in problems}

    def complete(prompts: Sequence[str], samples: int, *_: object) -> list[list[Completion]]:
        ranks = {prompt: rank for rank, prompt in enumerate(golden)}
        return [
            [Completion(text=golden[prompt] if k < ranks[prompt] + 1 else "I do not know.") for k in range(samples)]
            for prompt in prompts
        ]

    monkeypatch.setattr(policy, "complete", complete)
    with Scorer(judge) as scorer:
        settings = EvalSettings(samples=4, temperature=1.0)
        trained = evaluate(policy, problems, settings, scorer, SPLIT, stage="rl", step=0).groups["all"]
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, [problem_row(problem) for problem in problems])
    data = load_benchmark(BENCHMARKS["data-set"], tmp_path)
    asked = Asked(benchmark="data-set", problems_id="", model="", n=4, sampling={}, prompt_hash="")
    samples = ask(data, data.problems, PolicyModel(policy, "p"), Sampling(), asked, tmp_path / "out")
    figures = metrics_of(data.problems, score_samples(data, samples, judge, HarnessSettings())).all
    assert trained.pass_at_1 == pytest.approx(0.5)  # 1, 2 and 3 of 4
    assert (trained.pass_at_1, trained.low, trained.high) == (figures.average, figures.low, figures.high)
    assert trained.pass_at_k == figures.pass_at_k
