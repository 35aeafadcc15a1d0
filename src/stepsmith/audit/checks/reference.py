"""The reference solution: it passes its own tests, gives the same in every run, and leaves room in the time limit."""

import re
from collections.abc import Iterator

from stepsmith.audit.findings import DropProblem, Finding, Fix
from stepsmith.audit.search.batches import as_arguments, keeps_nothing, run_batch
from stepsmith.audit.search.differences import matter_of_taste
from stepsmith.audit.steps import Differs, Ends, Fails, Gives, ProgramReplay, ReplayStep, Slow, Suite, SuiteTest, Varies
from stepsmith.audit.subject import ProblemSubject
from stepsmith.audit.words import short
from stepsmith.core.records import Solution, Verdict
from stepsmith.judge.checkers import judges_texts
from stepsmith.verify.matrix import ExecutionMatrix

ROOM = 0.5  # share of the time limit that the reference may use
SHOWN = 20  # failing tests that are told of
RERUN = 20  # inputs on which the reference is run a second time
_OF_CALLS = re.compile(r"\b(?:calls?|invo(?:ked?|cations?)|stateful|cach(?:e|es|ed|ing)|each time)\b", re.IGNORECASE)
_TIME_LIMIT = re.compile(
    r"\btime\s*limit\b[^.\n\d]{0,30}(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec|secs|seconds?)\b", re.IGNORECASE
)


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
    if not changed:
        yield from _remembers(subject)
    if not failing:
        yield from _tight(subject)


def _remembers(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the answer of a function depends on the calls before it.

    Harnesses that make all calls in one process, and tests in another order, then judge it otherwise.
    """
    problem, reference, contract = subject.problem, subject.reference, subject.problem.contract
    name = contract.entry_point or ""
    if not name.isidentifier() or reference.language != "python" or keeps_nothing(reference.code, name):
        return
    inputs = problem.inputs[:RERUN]
    alone = subject.judge.execute(reference, contract, inputs)
    together = run_batch(subject.judge, reference, contract, inputs)
    for k, (text, one, other) in enumerate(zip(inputs, alone, together, strict=True)):
        if one.verdict is not Verdict.AC or other.verdict is not Verdict.AC:
            return
        if subject.judge.agree(contract, text, one.output, other.output):
            continue
        after = Solution(
            language="python",
            code=f"{reference.code}\n\n_alone = {name}\n\ndef {name}(*given):\n"
            f"    for earlier in ({', '.join(map(as_arguments, inputs[:k]))},):\n        _alone(*earlier)\n"
            "    return _alone(*given)\n",
        )
        (run,) = subject.judge.execute(after, contract, [text])
        if run.verdict is not Verdict.AC or subject.judge.agree(contract, text, one.output, run.output):
            return
        phrase = _OF_CALLS.search(problem.statement)
        yield Finding.of(
            "reference-varies",
            subject.id,
            subject.place("reference"),
            f"alone, the reference gives {short(one.output, 60)} for {short(text, 60)}; after the calls of the tests "
            f"before it, {short(run.output, 60)}",
            ambiguous=f'the statement speaks of "{phrase[0]}"' if phrase else "",
            evidence={"input": short(text), "alone": short(one.output), "after other calls": short(run.output)},
            replay=ProgramReplay(
                steps=(
                    Gives(
                        says=f"alone it gives {short(one.output, 60)}", program=reference, contract=contract,
                        input=text, output=one.output,
                    ),
                    Differs(
                        says="after other calls it gives something else", program=after, contract=contract,
                        input=text, output=one.output,
                    ),
                )
            ),
        )  # fmt: skip
        return


def _tight(subject: ProblemSubject) -> Iterator[Finding]:
    """Yield a finding where the reference needs much of the time limit.

    Where the tests are code, all inputs run in few processes first: if even those stay below, no input needs more.
    """
    problem, reference = subject.problem, subject.reference
    given = problem.contract.limits.time_s
    limit = min(given, _stated_limit(problem.statement) or given)
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
            f"the reference needs {share:.0%} of the time limit of {limit:g} s"
            f"{'' if limit == given else f' that the statement names (the tests allow {given:g} s)'} on test {slowest}",
            evidence={"input": short(problem.inputs[slowest]), "CPU seconds": f"{runs[slowest].cpu_s:.2f}"},
            replay=ProgramReplay(
                steps=(
                    Slow(
                        says=f"the reference needs more than {ROOM:.0%} of {limit:g} s",
                        program=reference,
                        contract=problem.contract,
                        input=problem.inputs[slowest],
                        share=ROOM * limit / given,
                    ),
                )
            ),
        )


def _stated_limit(statement: str) -> float | None:
    """Return the time limit in seconds that a statement names, or None."""
    found = _TIME_LIMIT.search(statement)
    if not found:
        return None
    return float(found[1]) / (1000 if found[2].lower().startswith("m") else 1)


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
