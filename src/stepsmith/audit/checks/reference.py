"""The reference solution: it passes its own tests, gives the same in every run, and leaves room in the time limit."""

from collections.abc import Iterator

from stepsmith.audit.findings import DropProblem, Finding, Fix
from stepsmith.audit.search.batches import run_batch
from stepsmith.audit.search.differences import matter_of_taste
from stepsmith.audit.steps import Ends, Fails, ProgramReplay, ReplayStep, Slow, Suite, SuiteTest, Varies
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Verdict
from stepsmith.judge.checkers import judges_texts
from stepsmith.verify.matrix import ExecutionMatrix

ROOM = 0.5  # share of the time limit that the reference may use
SHOWN = 20  # failing tests that are told of
RERUN = 20  # inputs on which the reference is run a second time


def check_reference(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield what is wrong with the reference."""
    reference = subject.reference
    failing = subject.failing
    for failed in failing[:SHOWN]:
        yield _fails(subject, failed, fixes=(DropProblem(),) if len(failing) > len(subject.suite.tests) / 2 else ())
    problem = subject.problem
    if not problem.inputs or not judges_texts(problem.contract.checker):
        return
    again = ExecutionMatrix(subject.judge.fresh, problem.contract, [reference], problem.inputs[:RERUN])
    changed = again.rerun(0)
    subject.judge.executions += again.executions
    for j in changed[:1]:
        yield Finding.of(
            "reference-varies",
            subject.id,
            subject.place("reference"),
            f"two runs of the reference on test {j} give different outputs",
            evidence={"input": short(problem.inputs[j]), "one run": short(again.at(0, j).output)},
            replay=ProgramReplay(
                steps=(
                    Varies(
                        says="runs of the reference differ",
                        program=reference,
                        contract=problem.contract,
                        input=problem.inputs[j],
                    ),
                )
            ),
        )
    if not failing:
        yield from _tight(subject)


def _tight(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the reference needs much of the time limit.

    Where the tests are code, all inputs run in few processes first: if even those stay below, no input needs more.
    """
    problem, reference = subject.problem, subject.reference
    limit = problem.contract.limits.time_s
    if subject.suite.code:
        quick = run_batch(subject.judge, reference, problem.contract, problem.inputs)
        if sum(run.cpu_s for run in quick) < ROOM * limit and all(run.verdict is not Verdict.TLE for run in quick):
            return
    runs = subject.judge.execute(reference, problem.contract, problem.inputs)
    slowest = max(range(len(runs)), key=lambda j: runs[j].cpu_s)
    if runs[slowest].verdict is Verdict.AC and runs[slowest].cpu_s > ROOM * limit:
        share = runs[slowest].cpu_s / limit
        yield Finding.of(
            "tight-time-limit",
            subject.id,
            subject.place(f"tests[{slowest}]"),
            f"the reference needs {share:.0%} of the time limit of {limit:g} s on test {slowest}",
            evidence={"input": short(problem.inputs[slowest]), "CPU seconds": f"{runs[slowest].cpu_s:.2f}"},
            replay=ProgramReplay(
                steps=(
                    Slow(
                        says=f"the reference needs more than {ROOM:.0%} of the time limit",
                        program=reference,
                        contract=problem.contract,
                        input=problem.inputs[slowest],
                        share=ROOM,
                    ),
                )
            ),
        )


def _fails(subject: ProblemSubject, failed: int, fixes: tuple[Fix, ...]) -> Finding:
    """Return the finding on a reference that fails a test."""
    suite, reference = subject.suite, subject.reference
    if suite.code:
        return Finding.of(
            "reference-fails",
            subject.id,
            subject.place("reference"),
            "the reference fails the tests of its problem",
            replay=ProgramReplay(steps=(Fails(says="the reference fails the tests", program=reference, suite=suite),)),
            fixes=fixes,
        )
    test = suite.tests[failed]
    (run,) = subject.judge.execute(reference, suite.contract, [test.input])
    ends = run.verdict is not Verdict.AC
    taste = "" if ends else _taste(subject, test, run.output)
    seen = f"ends in {run.verdict} ({short(run.message, 60)})" if ends else f"gives {short(run.output, 60)}"
    one = Suite(contract=suite.contract, tests=(test,), harness=suite.harness)
    steps: list[ReplayStep] = [Fails(says="the reference fails the test", program=reference, suite=one)]
    if ends:
        steps = [
            Ends(
                says=f"the reference ends in {run.verdict}",
                program=reference,
                contract=suite.contract,
                input=test.input,
                verdict=run.verdict,
            )
        ]
    return Finding.of(
        "reference-fails",
        subject.id,
        subject.place(f"tests[{failed}].output"),
        f"on test {failed} the reference {seen}; the test expects {short(test.output, 60)}",
        ambiguous=taste,
        evidence={"input": short(test.input), "expected": short(test.output), "reference": seen},
        replay=ProgramReplay(steps=tuple(steps)),
        fixes=() if taste else fixes,
    )


def _taste(subject: ProblemSubject, test: SuiteTest, output: str) -> str:
    """Return why the reference's answer may be as right as the test's, or ""."""
    problem = subject.problem
    if not judges_texts(problem.contract.checker):
        return ""
    return matter_of_taste(subject.judge, problem.contract, problem.statement, test.input, test.output, output)
