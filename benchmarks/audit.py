"""How good the audit is: precision against EvalPlus, recall on planted faults, and what added tests reject.

``python benchmarks/audit.py planted [COUNT] [thinned]``: Stepsmith's own exercises with faults planted (labels flipped,
tests thinned, validators loosened; or thinned alone), how many are found, and how many problems without a fault are
accused.
``python benchmarks/audit.py evalplus AUDIT HUMANEVALPLUS``: of the counter-examples of an audit of HumanEval, how many
does HumanEval+'s contract allow, with the same answer from HumanEval+'s own reference.
``python benchmarks/audit.py samples AUDIT SAMPLES ORIGINAL PLUS [HALF]``: of the wrong model samples that pass the
tests of HumanEval or MBPP, how many fail the tests that the audit adds, and how many those of EvalPlus.
``python benchmarks/audit.py speed``: problems a minute with ten candidates each.
"""

import hashlib
import itertools
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from stepsmith.audit.acceptance import first_failed
from stepsmith.audit.auditing import audit_problem
from stepsmith.audit.document import read_audit
from stepsmith.audit.findings import AddTest, Place
from stepsmith.audit.search.legal import VALIDATE, contract_program
from stepsmith.audit.sources import Problems
from stepsmith.audit.steps import Suite, SuiteTest
from stepsmith.audit.stream import audit_all
from stepsmith.audit.subject import AuditItem, AuditOptions, ProblemSubject
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Checker, Contract, Solution, Verdict
from stepsmith.core.stats import wilson_interval
from stepsmith.judge.executor import JudgingThreads
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.verify.formats.dataset import dataset_problem
from stepsmith.verify.formats.problems import Candidate, InputValidator, VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource
from stepsmith.verify.suite.mutants import mutate

LEFT_OUT = {"HumanEval/45", "HumanEval/53", "HumanEval/56"}  # their samples are of other problems
OPTIONS = AuditOptions()
SAMPLE_S = 2.0  # CPU seconds of a sample for all tests
KEPT = (1, 2, 3, 4)  # tests of a thinned suite


def share(hits: int, total: int) -> str:
    low, high = wilson_interval(hits, total)
    return f"{hits} of {total} ({hits / max(1, total):.0%}, 95% interval {low:.0%} to {high:.0%})"


# Planted faults


def clean_problems(count: int) -> list[tuple[VerifyProblem, tuple[Candidate, ...]]]:
    """Return exercises as problems, with other right programs for each: steps by brute force, or in other words."""
    made = exercises(ExerciseSettings(count=count, solutions=4, distinct=True))
    found = []
    for _, group in itertools.groupby(made, key=lambda problem: problem.statement):
        first, *others = group
        codes = dict.fromkeys(p.golden.code for p in others)
        programs = tuple(Candidate(language="python", code=code, name=f"solution {k}") for k, code in enumerate(codes))
        found.append((dataset_problem(first), programs))
    return found


def flipped(problem: VerifyProblem, rng) -> tuple[VerifyProblem, set[int]]:
    """Flip 5% of the labels, at least one: another test's output, or the number plus one."""
    outputs = list(problem.outputs or ())
    places = rng.sample(range(len(outputs)), max(1, round(0.05 * len(outputs))))
    for k in places:
        others = [o for o in outputs if o is not None and o.split() != (outputs[k] or "").split()]
        outputs[k] = rng.choice(others) if others else "12345"
    return msgspec.structs.replace(problem, outputs=tuple(outputs)), set(places)


def thinned(problem: VerifyProblem, judge: LocalJudge, rng, count: int) -> tuple[VerifyProblem, bool]:
    """Keep ``count`` tests; True if a program that the whole suite rejects now passes."""
    kept = sorted(rng.sample(range(len(problem.inputs)), min(count, len(problem.inputs))))
    few = msgspec.structs.replace(
        problem,
        inputs=tuple(problem.inputs[k] for k in kept),
        outputs=tuple((problem.outputs or ())[k] for k in kept),
        kinds=(),
        examples=(),
        candidates=problem.candidates[:1],
    )
    suites = [
        Suite(
            contract=p.contract,
            tests=tuple(SuiteTest(input=i, output=o or "") for i, o in zip(p.inputs, p.outputs or (), strict=True)),
        )
        for p in (problem, few)
    ]
    golden = problem.candidates[0]
    for mutant in mutate(Solution(language="python", code=golden.code), limit=OPTIONS.mutants):
        outcomes = [first_failed(judge, suite, mutant.solution) for suite in suites]
        if outcomes[0] is not None and outcomes[1] is None:
            return few, True
    return few, False


def loosened(problem: VerifyProblem) -> Iterator[tuple[str, VerifyProblem]]:
    """Yield the problem with a validator that accepts everything, and with one that knows types alone."""
    if not problem.validators:
        return
    function = problem.interface == "function"
    codes = {
        "that accepts everything": "def validate(*given):\n    return True\n"
        if function
        else "import sys\nsys.exit(0)\n",
        "that knows types alone": (
            "def validate(*given):\n    return all(isinstance(x, (int, str, list, tuple, float)) for x in given)\n"
            if function
            else "import re, sys\nsys.exit(not re.fullmatch(r'[-0-9\\s]*', sys.stdin.read()))\n"
        ),
    }
    for name, code in codes.items():
        yield name, msgspec.structs.replace(problem, validator=InputValidator(language="python", code=code))


def planted(count: int, only: str = "") -> None:
    """Plant faults in ``count`` exercises and count those that are found; ``only`` "thinned" thins tests alone."""
    tally = Planted()
    with LocalJudge() as judge:
        rng = derive_rng(0, "planted")
        for problem, programs in clean_problems(count):
            item = AuditItem(problem=problem, place=Place(source="exercises"))
            if only != "thinned":
                labels_and_validators(item, programs, judge, rng, tally)
            for kept in KEPT:
                few, weak = thinned(problem, judge, rng, kept)
                if weak:
                    report = audit_problem(msgspec.structs.replace(item, problem=few), judge, OPTIONS)
                    kinds = {(f.kind, bool(f.ambiguous)) for f in report.findings if "accepted" in f.kind}
                    for name in (f"thinned to {kept}", "thinned"):
                        tally.count(name, bool({k for k, unclear in kinds if not unclear}))
                        tally.count(f"{name}, or ambiguous", bool(kinds))
            print(f"{item.problem.problem_id}: {dict(tally.found)} of {dict(tally.total)}", file=sys.stderr, flush=True)
    for name, total in tally.total.items():
        print(f"{name}: {share(tally.found[name], total)}")
    print("accused without a fault:", dict(tally.false))


class Planted:
    """How many planted faults there were, how many were found, and what was accused in vain."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.false: Counter[str] = Counter()

    def count(self, name: str, found: int, total: int = 1) -> None:
        self.total[name] += total
        self.found[name] += int(found)


def labels_and_validators(
    item: AuditItem, programs: tuple[Candidate, ...], judge: LocalJudge, rng: random.Random, tally: Planted
) -> None:
    """Audit an exercise as it is, with flipped labels, and with loosened validators."""
    problem = item.problem
    fine = {f.kind for f in audit_problem(item, judge, OPTIONS).findings if not f.ambiguous}
    tally.false.update(fine)
    tally.count("problems without a fault, left alone", not fine)
    wrong, places = flipped(problem, rng)
    parts = {f"tests[{k}].output" for k in places}
    if len(programs) >= 2:
        golden = msgspec.structs.replace(problem.candidates[0], verdict=None)
        voting = msgspec.structs.replace(wrong, candidates=(golden, *programs))
        report = audit_problem(msgspec.structs.replace(item, problem=voting), judge, OPTIONS)
        accused = {f.place.part for f in report.findings if f.kind == "wrong-label"}
        tally.count("flipped labels, independent programs", len(parts & accused), len(parts))
        tally.false["labels"] += len(accused - parts)
    alone = msgspec.structs.replace(wrong, candidates=problem.candidates[:1])
    report = audit_problem(msgspec.structs.replace(item, problem=alone), judge, OPTIONS)
    accused = {f.place.part for f in report.findings if f.kind in ("reference-fails", "contradicting-tests")}
    tally.count("flipped labels, the reference alone", len(parts & accused), len(parts))
    for name, loose in loosened(problem):
        report = audit_problem(msgspec.structs.replace(item, problem=loose), judge, OPTIONS)
        tally.count(f"validator {name}", any(f.kind == "loose-validator" for f in report.findings))


# HumanEval


def humaneval_plus(place: Path) -> dict[str, AuditItem]:
    return {
        str(item.problem.problem_id): item
        for item in Problems(ProblemSource(place)).items()
        if isinstance(item, AuditItem)
    }


def evalplus(audit: Path, plus: Path) -> None:
    known = humaneval_plus(plus)
    verdicts: Counter[str] = Counter()
    with LocalJudge() as judge:
        for finding in read_audit(audit).findings:
            if finding.kind != "wrong-program-accepted" or finding.ambiguous:
                continue
            item = known[finding.subject]
            (fix,) = finding.fixes
            assert isinstance(fix, AddTest)
            subject = ProblemSubject(item, judge, OPTIONS)
            contract = contract_program(item.contract_code, subject.reference_code, item.problem.entry_point)
            legal = True
            if contract is not None:
                called = msgspec.structs.replace(item.problem.contract, entry_point=VALIDATE)
                legal = judge.execute(contract, called, [fix.input])[0].output == "True"
            (run,) = judge.execute(subject.reference, item.problem.contract, [fix.input])
            loose = msgspec.structs.replace(item.problem.contract, checker=Checker(name="float:1e-6"))
            same = run.verdict is Verdict.AC and judge.agree(loose, fix.input, fix.output, run.output)
            verdicts["illegal" if not legal else "same answer" if same else "other answer"] += 1
            if not (legal and same):
                print(finding.subject, finding.message, "| HumanEval+:", run.output or run.verdict)
    print(f"legal with the same answer: {share(verdicts['same answer'], verdicts.total())}; {dict(verdicts)}")


def hurried(suite: Suite) -> Suite:
    limits = msgspec.structs.replace(suite.contract.limits, time_s=SAMPLE_S)
    return msgspec.structs.replace(suite, contract=msgspec.structs.replace(suite.contract, limits=limits))


def sample_programs(file: Path) -> dict[str, list[tuple[str, bool | None]]]:
    """Return (code, whether it is called right; None where nobody says) by task.

    Rows are those of a benchmark of labels (``problem_id``, ``candidates``) or samples (``task_id``, ``solution``).
    """
    found: dict[str, dict[str, bool | None]] = {}
    for row in map(json.loads, file.read_text().splitlines()):
        if "candidates" in row and row["problem_id"] not in LEFT_OUT:
            for candidate in row["candidates"]:
                found.setdefault(row["problem_id"], {}).setdefault(candidate["code"], candidate["is_correct"])
        elif "solution" in row:
            found.setdefault(row["task_id"], {}).setdefault(row["solution"], None)
    return {task: list(codes.items()) for task, codes in found.items()}


def half_of(task: str) -> int:
    return int(hashlib.sha256(task.encode()).hexdigest(), 16) % 2


def samples(audit: Path, file: Path, original: Path, plus: Path, half: str = "") -> None:
    """Count what added tests reject. What EvalPlus' tests reject is wrong where the file does not say.

    ``half`` "1" takes the tasks that were not looked at while the growth of tests was made, by the hash of their name.
    """
    before, after = humaneval_plus(original), humaneval_plus(plus)
    reports = {report.subject: report for report in read_audit(audit).subjects}
    counts: Counter[str] = Counter()
    with LocalJudge() as judge:
        for task, programs in sorted(sample_programs(file).items()):
            if task not in before or task not in after or task not in reports or (half and half_of(task) != int(half)):
                continue
            item, report = before[task], reports[task]
            told = [fix for f in report.findings if not f.ambiguous for fix in f.fixes if isinstance(fix, AddTest)]
            contract = Contract(
                interface="function", entry_point=item.problem.entry_point, checker=Checker(name="float:1e-6")
            )
            added = {"findings": told, "diversity": list(report.added)}
            suites = {
                name: hurried(
                    Suite(contract=contract, tests=tuple(SuiteTest(input=t.input, output=t.output) for t in tests))
                )
                for name, tests in added.items()
                if tests
            }
            suites["EvalPlus"] = hurried(ProblemSubject(after[task], judge, OPTIONS).suite)
            given = hurried(ProblemSubject(item, judge, OPTIONS).suite)
            counts["problems"] += 1
            counts["tests of EvalPlus"] += len(after[task].problem.inputs) - len(item.problem.inputs)
            counts.update({f"tests added by {name}": len(tests) for name, tests in added.items()})
            for code, right in programs:
                program = Solution(language="python", code=code)
                if first_failed(judge, given, program) is not None:
                    continue
                rejected = {n for n, suite in suites.items() if first_failed(judge, suite, program) is not None}
                name = "right" if right or (right is None and "EvalPlus" not in rejected) else "wrong"
                counts[name] += 1
                counts.update(f"{name}, rejected by {n}" for n in rejected)
                counts[f"{name}, rejected by ours"] += bool(rejected - {"EvalPlus"})
                counts[f"{name}, rejected by both"] += len(rejected) > 1 and "EvalPlus" in rejected
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    for name in ("wrong", "right"):
        for who in ("ours", "EvalPlus"):
            print(f"{name}, by {who}:", share(counts[f"{name}, rejected by {who}"], counts[name]))


# Speed


def speed(count: int, workers: int) -> None:
    base = [problem for problem, _ in clean_problems(40)]
    items = []
    for k in range(count):
        problem = base[k % len(base)]
        changed = problem.candidates[0].code + f"\n# {k}\n"
        more = tuple(
            Candidate(language="python", code=m.solution.code, name=m.label)
            for m in mutate(Solution(language="python", code=changed), limit=10, seed=k)
        )
        golden = msgspec.structs.replace(problem.candidates[0], code=changed)
        item = msgspec.structs.replace(problem, problem_id=f"p{k}", candidates=(golden, *more))
        items.append(AuditItem(problem=item, place=Place(source="exercises")))
    started, runs = time.monotonic(), 0
    for report in audit_all(items, JudgingThreads(workers, LocalJudge), OPTIONS):
        runs += report.executions
    took = time.monotonic() - started
    print(f"{count} problems, 10 candidates each, {workers} workers: {took:.0f} s, {runs} runs of programs")
    spent = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(f"1,000 problems: {1000 * took / count / 60:.1f} minutes on this machine as it is now")
    print(
        f"CPU time, with start and sandbox: {spent:.0f} s; 1,000 problems on {workers} cores of their own: "
        f"{1000 * spent / count / workers / 60:.1f} minutes"
    )


if __name__ == "__main__":
    command, *words = sys.argv[1:] or ["planted"]
    if command == "planted":
        planted(int(words[0]) if words else 60, *words[1:])
    elif command == "evalplus":
        evalplus(Path(words[0]), Path(words[1]))
    elif command == "samples":
        samples(*map(Path, words[:4]), *words[4:])
    elif command == "speed":
        speed(int(words[0]) if words else 100, 2)
    else:
        sys.exit(__doc__)
