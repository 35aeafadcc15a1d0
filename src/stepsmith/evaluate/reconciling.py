"""The same samples under the rules of several harnesses, and why each verdict that differs does so."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

import msgspec

from stepsmith.benchmarks.benchmark import Benchmark
from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rules.answers import AnswerRules, GivenSample, answer_of, answer_verdict, explained
from stepsmith.benchmarks.rules.differences import SEVERAL, Rulings, difference, score_reply
from stepsmith.benchmarks.rules.rule_sets import RuleSet
from stepsmith.benchmarks.rules.running import Ruling
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.records import Record
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.scoring import AS_IT_IS, answers_of
from stepsmith.judge.protocol import Judge

VERDICTS = "reconciliation.jsonl"
S = TypeVar("S")
R = TypeVar("R", RuleSet, AnswerRules)


class RuleVerdict(Record, frozen=True, kw_only=True):
    """One sample under one rule set. ``reason`` is set where the verdict is not that of the reference."""

    task_id: str
    number: int  # of the sample among those of its problem, from 0
    rules: str
    passed: bool
    outcome: str
    why: str = ""
    reason: str = ""
    explained: str = ""


class RuleScore(NamedTuple):
    """What one rule set says of all samples; ``pass_at_1`` is over the problems that it can score."""

    rules: RuleSet | AnswerRules
    samples: int
    passed: int
    pass_at_1: float
    gained: int  # verdicts that are better than the reference's
    lost: int
    reasons: Mapping[str, int]


def reconcile(
    data: BenchmarkData,
    samples: Mapping[str, Sequence[ModelSample]],
    rule_sets: Sequence[RuleSet],
    judge: Judge,
    *,
    workers: int = 1,
    time_factor: float = 1.0,
    watch: Callable[[int, int], None] = lambda *_: None,
) -> list[RuleVerdict]:
    """Return the verdict of each rule set on each sample, by problem, sample and rule set; the first is the reference.

    The problems must have inputs and outputs: see ``has_tests``. ``judge`` must take calls from ``workers`` threads.
    ``watch`` is told how many problems of how many are done.
    """
    problems = {problem.task_id: problem for problem in data.problems}
    reference = rule_sets[0]

    def of(task_id: str) -> Iterator[RuleVerdict]:
        problem, known = problems[task_id], cast("Rulings", {})

        def score(reply: str, rules: RuleSet) -> Ruling:
            return score_reply(judge, problem, reply, rules, time_factor=time_factor, known=known)

        def explain(reply: str, rules: RuleSet) -> tuple[str, str]:
            found = difference(judge, problem, reply, reference, rules, time_factor=time_factor, known=known)
            return (found.reason, found.words) if found else ("", "")

        usable = [rules for rules in rule_sets if rules.functions or problem.interface != "function"]
        return _compared(task_id, list(map(reply_of, samples[task_id])), usable, reference, score, explain)

    return _by_problem(of, samples, workers, watch)


def reconcile_answers(
    data: BenchmarkData,
    samples: Mapping[str, Sequence[ModelSample]],
    rule_sets: Sequence[AnswerRules],
    judge: Judge,
    harness: HarnessSettings,
    *,
    workers: int = 1,
    watch: Callable[[int, int], None] = lambda *_: None,
) -> list[RuleVerdict]:
    """Do the same for a benchmark without inputs and outputs: see ``rules.answers``."""
    problems = {problem.task_id: problem for problem in data.problems}
    reference = rule_sets[0]

    def of(task_id: str) -> Iterator[RuleVerdict]:
        problem, known = problems[task_id], cast("dict[tuple[str | None, str], SampleVerdict]", {})

        def verdict(sample: GivenSample, rules: AnswerRules) -> SampleVerdict:
            answer = answer_of(problem, sample, rules.extraction)
            key = answer, rules.comparing
            if key not in known:
                known[key] = answer_verdict(judge, data.benchmark, problem, answer, rules.comparing, harness)
            return known[key]

        def score(sample: GivenSample, rules: AnswerRules) -> Ruling:
            found = verdict(sample, rules)
            return Ruling(found.outcome, why=found.message)

        def explain(sample: GivenSample, rules: AnswerRules) -> tuple[str, str]:
            ours, theirs = verdict(sample, reference), verdict(sample, rules)
            if theirs.passed == ours.passed:
                return "", ""
            exchanged = {
                "extraction": msgspec.structs.replace(reference, extraction=rules.extraction),
                "comparison": msgspec.structs.replace(reference, comparing=rules.comparing),
            }
            changes = (name for name, mixed in exchanged.items() if verdict(sample, mixed).passed == theirs.passed)
            reason = next(changes, SEVERAL)
            rejecting, said = (rules, theirs) if ours.passed else (reference, ours)
            why = f"{rejecting.title} rejects it: {said.outcome}, {said.message or said.failed_test}"
            return reason, f"{explained(data.benchmark, reference, rules, reason)}. {why}"

        given = _given(data.benchmark, problem, samples[task_id])
        return _compared(task_id, given, rule_sets, reference, score, explain)

    return _by_problem(of, samples, workers, watch)


def has_tests(data: BenchmarkData) -> bool:
    """Return whether the problems of a benchmark are programs with inputs and outputs."""
    return all(problem.tests and problem.interface != "text" for problem in data.problems)


def scores(verdicts: Sequence[RuleVerdict], rule_sets: Sequence[RuleSet] | Sequence[AnswerRules]) -> list[RuleScore]:
    """Add up the verdicts of each rule set, in the order of ``rule_sets``."""
    reference = {(v.task_id, v.number): v.passed for v in verdicts if v.rules == rule_sets[0].name}
    added = []
    for rules in rule_sets:
        mine = [verdict for verdict in verdicts if verdict.rules == rules.name]
        by_problem: dict[str, list[bool]] = {}
        for verdict in mine:
            by_problem.setdefault(verdict.task_id, []).append(verdict.passed)
        shares = [sum(passed) / len(passed) for passed in by_problem.values()]
        unlike = [verdict for verdict in mine if verdict.passed != reference[verdict.task_id, verdict.number]]
        added.append(
            RuleScore(
                rules,
                samples=len(mine),
                passed=sum(verdict.passed for verdict in mine),
                pass_at_1=sum(shares) / len(shares) if shares else 0.0,
                gained=sum(verdict.passed for verdict in unlike),
                lost=sum(not verdict.passed for verdict in unlike),
                reasons=dict(Counter(verdict.reason for verdict in unlike).most_common()),
            )
        )
    return added


def write_verdicts(folder: Path, verdicts: Sequence[RuleVerdict]) -> Path:
    """Write all verdicts as JSON Lines into a folder, which is made if need be; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / VERDICTS
    path.write_bytes(b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts))
    return path


def reply_of(sample: ModelSample) -> str:
    """Return a sample as a reply: a program by itself gets the fence that every rule takes programs from."""
    return sample.text if sample.form == "reply" else f"```python\n{sample.text}\n```\n"


def _by_problem(
    of: Callable[[str], Iterable[RuleVerdict]],
    task_ids: Collection[str],
    workers: int,
    watch: Callable[[int, int], None],
) -> list[RuleVerdict]:
    """Return the verdicts of all problems, in their order."""
    found: list[RuleVerdict] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="reconcile") as threads:
        for done, verdicts in enumerate(threads.map(lambda task_id: list(of(task_id)), task_ids), 1):
            found += verdicts
            watch(done, len(task_ids))
    return found


def _compared(
    task_id: str,
    samples: Sequence[S],
    rule_sets: Sequence[R],
    reference: R,
    score: Callable[[S, R], Ruling],
    explain: Callable[[S, R], tuple[str, str]],
) -> Iterator[RuleVerdict]:
    """Yield the verdicts on a problem's samples; ``explain`` gives the reason of a difference, and its words."""
    for number, sample in enumerate(samples):
        for rules in rule_sets:
            ruling = score(sample, rules)
            reason, words = ("", "") if rules is reference else explain(sample, rules)
            yield RuleVerdict(
                task_id=task_id,
                number=number,
                rules=rules.name,
                passed=ruling.passed,
                outcome=ruling.outcome,
                why=ruling.why,
                reason=reason,
                explained=words,
            )


def _given(benchmark: Benchmark, problem: BenchmarkProblem, samples: Sequence[ModelSample]) -> list[GivenSample]:
    answers = answers_of(benchmark, problem, samples, AS_IT_IS)
    maths = problem.interface == "text"
    return [
        GivenSample(
            sample.text
            if sample.form == "reply"
            else f"\\boxed{{{answer}}}"
            if maths
            else f"```python\n{answer}\n```\n",
            answer,
        )
        for sample, answer in zip(samples, answers, strict=True)
    ]
