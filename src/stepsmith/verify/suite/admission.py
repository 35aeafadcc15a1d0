"""Gates that a finished problem passes before it is kept. A problem that fails one is rejected with the reason."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from stepsmith.core.integers import literal_text
from stepsmith.core.records import Problem, Record, Solution, TestCase, TestKind, Verdict, WrongSolution
from stepsmith.judge.protocol import Judge
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.baselines import arguments, baselines
from stepsmith.verify.suite.mutants import Mutant


class AdmissionSettings(Record, frozen=True, kw_only=True):
    """Thresholds of the gates."""

    min_tests: int = 5
    min_entropy_bits: float = 0.7  # of the outputs over the tests; 0.7 allows up to 81% equal outputs
    min_samples: int = 2  # tests whose input and output the statement shows; 0 if it shows none by design
    min_statement_chars: int = 80
    enough_kills: float = 0.75  # share of the mutants; below it, every kind of test must reject one


class _Kills(NamedTuple):
    wrong: tuple[WrongSolution, ...]
    passing_hidden: tuple[Mutant, ...]
    open_kinds: list[TestKind]  # kinds of test that reject no mutant; empty where the suite rejects enough mutants
    executions: int


class Admission(Record, frozen=True, kw_only=True):
    """The outcome; an empty ``reason`` means that the problem is admitted."""

    reason: str = ""
    detail: str = ""
    entropy_bits: float = 0.0
    wrong: tuple[WrongSolution, ...] = ()  # the mutants that some test rejects
    passing_hidden: tuple[Mutant, ...] = ()  # those that no hidden test rejects: equivalent, or the suite is weak
    executions: int = 0

    @property
    def admitted(self) -> bool:
        """True if the problem passed every gate."""
        return not self.reason


def admit(
    problem: Problem,
    judge: Judge,
    mutants: Sequence[Mutant],
    *,
    settings: AdmissionSettings = AdmissionSettings(),  # noqa: B008 - frozen
    ran_before: bool = False,
) -> Admission:
    """Pass ``problem`` through every gate, the ones that cost no execution first.

    In order: the statement is complete ("incomplete-statement"), enough tests ("too-few-tests"), outputs vary
    ("constant-output"), no trivial program passes ("trivial-solution"), the golden is AC on all tests
    ("golden-fails") and gives the same when run again ("non-deterministic"), and the tests reject ``enough_kills`` of
    the mutants, or at least one by every kind of test ("mutants-survive"). A kind alone does not reject a suite that
    rejects most mutants: on the smallest inputs of some problems every program is right. A problem whose golden is in
    a language that has no mutants must bring wrong programs as ``mutants``. If our own machinery failed (IE), the
    reason is "judge-failed" and the problem should be tried again. ``ran_before`` says that the expected outputs
    include the golden's own from an earlier run, so that one run here shows whether it is deterministic.
    """
    if missing := missing_parts(problem, settings):
        return Admission(reason="incomplete-statement", detail=missing)
    tests = problem.tests
    if len(tests) < settings.min_tests:
        return Admission(reason="too-few-tests", detail=f"{len(tests)} tests, at least {settings.min_tests} are needed")
    entropy = output_entropy([test.output for test in tests])
    if entropy < settings.min_entropy_bits:
        output, count = Counter(test.output for test in tests).most_common(1)[0]
        detail = f"{count} of {len(tests)} outputs are {_short(output)}; entropy {entropy:.2f} bits"
        return Admission(reason="constant-output", detail=detail, entropy_bits=entropy)
    if label := passing_baseline(problem, judge):
        detail = f'the trivial program "{label}" passes every test'
        return Admission(reason="trivial-solution", detail=detail, entropy_bits=entropy)
    reason, detail, executions = (_golden_fault_now if ran_before else _golden_fault)(problem, judge)
    if reason:
        return Admission(reason=reason, detail=detail, entropy_bits=entropy, executions=executions)
    kills = _kill(problem, judge, mutants, settings.enough_kills)
    if kills.open_kinds:
        reason = "mutants-survive"
        kinds = ", ".join(kills.open_kinds)
        detail = f"{len(kills.wrong)} of {len(mutants)} mutants are rejected, none of them by the tests of kind {kinds}"
    return Admission(
        reason=reason,
        detail=detail,
        entropy_bits=entropy,
        wrong=kills.wrong,
        passing_hidden=kills.passing_hidden,
        executions=executions + kills.executions,
    )


def output_entropy(outputs: Sequence[str]) -> float:
    """Return the Shannon entropy of the outputs in bits; texts that differ in spacing only are the same output."""
    counts = Counter(" ".join(output.split()) for output in outputs)
    return -sum(n / len(outputs) * math.log2(n / len(outputs)) for n in counts.values()) if outputs else 0.0


def passing_baseline(problem: Problem, judge: Judge) -> str | None:
    """Return the label of the first trivial program that every test would accept, or None."""
    for baseline in baselines(problem.contract, problem.tests):
        if all(
            output is not None and judge.agree(problem.contract, test.input, test.output, output)
            for test, output in zip(problem.tests, baseline.outputs, strict=True)
        ):
            return baseline.label
    return None


def missing_parts(problem: Problem, settings: AdmissionSettings) -> str:
    """Say what the statement lacks, or "" if it is complete."""
    parts = {"title": problem.title, "statement": problem.statement, "golden solution": problem.golden.code}
    if problem.contract.interface == "function":
        parts["entry point"] = problem.contract.entry_point or ""
    empty = [name for name, text in parts.items() if not text.strip()]
    if empty:
        return f"empty: {', '.join(empty)}"
    if len(problem.statement) < settings.min_statement_chars:
        return (
            f"the statement has {len(problem.statement)} characters, at least {settings.min_statement_chars} are needed"
        )
    shown = sum(shows_sample(problem.statement, problem.contract.interface == "function", t) for t in problem.tests)
    if shown < settings.min_samples:
        return f"the statement shows {shown} of the tests as samples, at least {settings.min_samples} are needed"
    return ""


def shows_sample(statement: str, function: bool, test: TestCase) -> bool:
    """Return whether the statement shows input (for functions: every argument) and output, whatever the spacing."""
    text = _squeeze(statement)
    pieces = [test.input]
    if function:
        try:
            pieces = [literal_text(argument) for argument in arguments(test.input)]
        except (ValueError, SyntaxError):
            pieces = [test.input]
    return all(_squeeze(piece) in text for piece in (*pieces, test.output))


def _golden_fault(problem: Problem, judge: Judge) -> tuple[str, str, int]:
    """Return (reason, detail, runs) of what is wrong with the golden; empty texts if nothing is."""
    matrix = ExecutionMatrix(judge, problem.contract, [problem.golden], [test.input for test in problem.tests])
    for j, (test, run) in enumerate(zip(problem.tests, matrix.row(0), strict=True)):
        if run.verdict is Verdict.IE:
            return "judge-failed", f"test {j}: {run.message or 'internal error'}", matrix.executions
        if run.verdict is not Verdict.AC:
            return "golden-fails", f"test {j} ends in {run.verdict}: {_short(run.message)}", matrix.executions
        if not matrix.agree(j, test.output, run.output):
            detail = f"test {j}: expected {_short(test.output)}, got {_short(run.output)}"
            return "golden-fails", detail, matrix.executions
    if changed := matrix.rerun(0):
        detail = f"run twice, the golden solution differs on test {changed[0]}"
        return "non-deterministic", detail, matrix.executions
    return "", "", matrix.executions


def _golden_fault_now(problem: Problem, judge: Judge) -> tuple[str, str, int]:
    """Do the same for a golden that gave the expected outputs before: one run each, in processes of their own."""
    judgement = judge.judge(problem.golden, problem.contract, problem.tests)
    runs = len(judgement.tests)
    for j, result in enumerate(judgement.tests):
        if result.verdict is Verdict.IE:
            return "judge-failed", f"test {j}: {result.message or 'internal error'}", runs
        if result.verdict is not Verdict.AC:
            return "golden-fails", f"test {j} ends in {result.verdict}: {_short(result.message)}", runs
    return ("", "", runs) if runs else ("golden-fails", _short(judgement.compile_output), runs)


def hidden_first(problem: Problem) -> list[int]:
    """Return the indices of the tests, those that the statement shows as worked examples last."""
    shown = {example.input for example in problem.examples}
    return sorted(range(len(problem.tests)), key=lambda index: problem.tests[index].input in shown)


def rejecting_test(problem: Problem, judge: Judge, program: Solution) -> tuple[int | None, int]:
    """Return (the index of a test that rejects ``program``, runs); a worked example only if no hidden test does."""
    order = hidden_first(problem)
    tests = [problem.tests[index] for index in order]
    results = judge.judge(program, problem.contract, tests, stop_at_first_failure=True).tests
    rejected = bool(results) and results[-1].verdict not in (Verdict.AC, Verdict.IE)
    return (order[len(results) - 1] if rejected else None), len(results)


def _kill(problem: Problem, judge: Judge, mutants: Sequence[Mutant], enough: float) -> _Kills:
    """Judge each mutant to its first failing test; if too few fail, see whether every kind of test rejects one."""
    tests, shown = problem.tests, {example.input for example in problem.examples}
    wrong, passing_hidden, executions = [], [], 0
    for mutant in mutants:
        index, runs = rejecting_test(problem, judge, mutant.solution)
        executions += runs
        if index is not None:
            wrong.append(WrongSolution(solution=mutant.solution, killed_by=index, origin=f"mutant: {mutant.label}"))
        if index is None or tests[index].input in shown:
            passing_hidden.append(mutant)
    if wrong and len(wrong) >= enough * len(mutants):
        return _Kills(tuple(wrong), tuple(passing_hidden), [], executions)
    open_kinds = {test.kind for test in tests} - {tests[w.killed_by].kind for w in wrong}
    for kind in sorted(open_kinds):
        of_kind = [test for test in tests if test.kind == kind]
        for w in wrong:
            results = judge.judge(w.solution, problem.contract, of_kind, stop_at_first_failure=True).tests
            executions += len(results)
            if results and results[-1].verdict not in (Verdict.AC, Verdict.IE):
                open_kinds.remove(kind)
                break
    return _Kills(tuple(wrong), tuple(passing_hidden), sorted(open_kinds), executions)


def _squeeze(text: str) -> str:
    """Return text without white space and with one kind of quote, so that a sample is found in any layout."""
    return re.sub(r"\s+", "", text).replace('"', "'")


def _short(text: str, width: int = 60) -> str:
    """Return the beginning of ``text`` on one line, for a message."""
    line = " ".join(text.split())
    return repr(line if len(line) <= width else line[: width - 1] + "…")
