"""The same samples under the rules of several harnesses, and why each verdict that differs does so."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import msgspec

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rules.differences import Rulings, difference, score_reply
from stepsmith.benchmarks.rules.rule_sets import RuleSet
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record
from stepsmith.evaluate.samples import ModelSample
from stepsmith.judge.protocol import Judge

VERDICTS = "reconciliation.jsonl"


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

    rules: RuleSet
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

    ``judge`` must take calls from ``workers`` threads. ``watch`` is told how many problems of how many are done. Raises
    ``CaseError`` for a benchmark whose problems are no programs with tests.
    """
    check_tests(data)
    problems = {problem.task_id: problem for problem in data.problems}

    def one(task_id: str) -> list[RuleVerdict]:
        return list(_verdicts(judge, problems[task_id], samples[task_id], rule_sets, time_factor))

    found: list[RuleVerdict] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="reconcile") as threads:
        for done, verdicts in enumerate(threads.map(one, samples), 1):
            found += verdicts
            watch(done, len(samples))
    return found


def check_tests(data: BenchmarkData) -> None:
    """Raise ``CaseError`` for a benchmark whose problems are no programs with tests."""
    for problem in data.problems:
        if not problem.tests or problem.interface == "text":
            raise CaseError(
                f"{data.benchmark.title}: {problem.task_id} is no program with inputs and outputs; these rules are for "
                "LiveCodeBench, APPS, TACO and CodeContests alone"
            )


def scores(verdicts: Sequence[RuleVerdict], rule_sets: Sequence[RuleSet]) -> list[RuleScore]:
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


def _verdicts(
    judge: Judge,
    problem: BenchmarkProblem,
    samples: Sequence[ModelSample],
    rule_sets: Sequence[RuleSet],
    time_factor: float,
) -> Iterator[RuleVerdict]:
    known: Rulings = {}
    reference = rule_sets[0]
    for number, sample in enumerate(samples):
        reply = reply_of(sample)
        for rules in rule_sets:
            if problem.interface == "function" and not rules.functions:
                continue
            ruling = score_reply(judge, problem, reply, rules, time_factor=time_factor, known=known)
            found = (
                None
                if rules is reference
                else difference(judge, problem, reply, reference, rules, time_factor=time_factor, known=known)
            )
            yield RuleVerdict(
                task_id=problem.task_id,
                number=number,
                rules=rules.name,
                passed=ruling.passed,
                outcome=ruling.outcome,
                why=ruling.why,
                reason=found.reason if found else "",
                explained=found.words if found else "",
            )
