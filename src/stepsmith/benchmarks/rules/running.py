"""Run one program on all tests of a problem under a rule set, and keep what came out of each test."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rules.comparing import CHECKER, TEXTS, VALUES, Unlike, decoded
from stepsmith.benchmarks.rules.rule_sets import RuleSet
from stepsmith.benchmarks.verdict import Outcome
from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Checker, Contract, Execution, Limits, Solution, Verdict
from stepsmith.judge.protocol import Judge

MEMORY_MB = 4096  # the harnesses set none, or 4 GB
OUTPUT_MB = 64.0


_OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.TLE: "time limit", Verdict.MLE: "memory limit", Verdict.CE: "syntax", Verdict.IE: "not judged",
}  # fmt: skip


class Produced(NamedTuple):
    """What a program did on one test: an output (text, or the value that a function returned), or an error."""

    output: object = None
    error: str = ""
    outcome: Outcome = "crash"  # of an error


class ProgramRuns(NamedTuple):
    """The tests that were run, up to the first error; ``error`` says why there are none after them, if so."""

    tests: tuple[Produced, ...]
    error: str = ""
    outcome: Outcome = "crash"  # of that error
    cpu_s: float = 0.0


class Ruling(NamedTuple):
    """How a program does on the tests under a rule set: the first failing test from 0, and a line that says why."""

    outcome: Outcome
    test: int | None = None
    why: str = ""
    got: str = ""  # what the failing test gave
    cpu_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the program is right by these rules."""
        return self.outcome == "passed"


def rule(judge: Judge, problem: BenchmarkProblem, code: str, rules: RuleSet, *, time_factor: float = 1.0) -> Ruling:
    """Run ``code`` on the problem's tests and decide as ``rules`` do; limits are multiplied by ``time_factor``.

    Raises ``CaseError`` for a problem without tests, and for one of a function whose values JSON cannot write, and
    ``SandboxError`` if our own machinery fails.
    """
    if not problem.tests:
        raise CaseError(f"{problem.task_id}: no tests; nothing can be scored without them")
    if not code.strip():
        return Ruling("no code", why="no code was found in the reply")
    every = range(len(problem.tests))
    ruling = _decide(judge, problem, rules, every, run(judge, problem, code, rules, every, time_factor=time_factor))
    if ruling.passed or not rules.again:
        return ruling
    # verl drops the function's name from the single tests, so that a function problem never passes here
    if problem.interface == "function":
        return ruling
    alone = msgspec.structs.replace(rules, time_s=10.0, whole_s=11.0, again=0)
    for test in every[: rules.again]:
        single = _decide(
            judge, problem, alone, [test], run(judge, problem, code, alone, [test], time_factor=time_factor)
        )
        if not single.passed:
            return single
    return Ruling("passed", why=f"only the first {rules.again} tests count after a failure")


def run(
    judge: Judge,
    problem: BenchmarkProblem,
    code: str,
    rules: RuleSet,
    tests: Sequence[int],
    *,
    time_factor: float = 1.0,
) -> ProgramRuns:
    """Run ``code`` on these tests of a problem. Raises as ``rule`` does."""
    if rules.wrapping == "script":
        return _run_script(judge, problem, code, rules, tests, time_factor)
    settings = {
        "function": function_name(problem) or None,
        "prelude": _prelude(rules),
        "wrapping": rules.wrapping,
        "stdin": rules.stream,
        "guarded": rules.guarded,
        "exit": rules.exit_kept,
        "hidden_modules": rules.hidden_modules,
        "integer_digits": rules.integer_digits,
        "time_is_up": rules.time_is_up,
        "time_s": _time_s(problem, rules) * time_factor,
    }
    program = f"{_driver()}\nmain({settings!r}, {code!r})\n"
    whole = rules.whole_s or (_time_s(problem, rules) + 1) * len(tests) + 5
    contract = Contract(
        interface="stdio",
        limits=Limits(time_s=whole * time_factor, memory_mb=MEMORY_MB, output_mb=OUTPUT_MB),
    )
    given = json.dumps([_given(problem, index) for index in tests])
    (execution,) = judge.execute(Solution(language="python", code=program), contract, [given])
    if execution.verdict is Verdict.IE:
        raise SandboxError(execution.message)
    if execution.verdict is not Verdict.AC or not execution.output:
        return ProgramRuns((), _ended(execution), _outcome(execution), execution.cpu_s)
    return _reported(execution)


def _reported(execution: Execution) -> ProgramRuns:
    """Read what ``files/run_tests.py`` wrote; the program ran in the same process and may have written instead."""
    try:
        done: dict[str, Any] = json.loads(execution.output)
        produced = tuple(
            Produced(error=str(result["error"]), outcome="time limit" if result["timeout"] else "crash")
            if "error" in result
            else Produced(output=decoded(result["value"]))
            for result in done["results"]
        )
        error, compiling = done["error"], done["stage"] == "compile"
    except (ValueError, TypeError, KeyError, RecursionError):
        return ProgramRuns((), "it wrote something else than results", cpu_s=execution.cpu_s)
    if error is None:
        return ProgramRuns(produced, cpu_s=execution.cpu_s)
    syntax = compiling and str(error).startswith(("SyntaxError", "IndentationError", "TabError"))
    where = "it does not compile, or fails before the first test" if compiling else "it failed"
    return ProgramRuns(produced, f"{where}: {error}", "syntax" if syntax else "crash", execution.cpu_s)


def function_name(problem: BenchmarkProblem) -> str:
    """Return the function that tests call, without the class before it; "" for programs on standard input."""
    return problem.entry_point.rpartition(".")[2] if problem.interface == "function" else ""


def _run_script(
    judge: Judge, problem: BenchmarkProblem, code: str, rules: RuleSet, tests: Sequence[int], time_factor: float
) -> ProgramRuns:
    contract = _contract(problem, _time_s(problem, rules) * time_factor)
    program = Solution(language=problem.language, code=_prelude(rules) + code)
    produced: list[Produced] = []
    cpu_s = 0.0
    for execution in judge.execute(program, contract, [problem.tests[index].input for index in tests]):
        if execution.verdict is Verdict.IE:
            raise SandboxError(execution.message)
        cpu_s += execution.cpu_s
        if execution.verdict is not Verdict.AC:
            produced.append(Produced(error=_ended(execution), outcome=_outcome(execution)))
            break
        output = _value(execution.output) if problem.interface == "function" else execution.output
        produced.append(Produced(output=output))
    return ProgramRuns(tuple(produced), cpu_s=round(cpu_s, 4))


def _value(text: str) -> object:
    try:
        return read_literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return Unlike(text, "")


def _decide(judge: Judge, problem: BenchmarkProblem, rules: RuleSet, tests: Sequence[int], runs: ProgramRuns) -> Ruling:
    for place, index in enumerate(tests):
        if place >= len(runs.tests):
            why = runs.error or "the program ended before this test"
            return Ruling(runs.outcome, index, why, cpu_s=runs.cpu_s)
        produced = runs.tests[place]
        if produced.error:
            return Ruling(produced.outcome, index, produced.error, cpu_s=runs.cpu_s)
        if not _agree(judge, problem, rules, index, produced.output):
            got = short(produced.output)
            why = f"expected {short(problem.tests[index].output)}, got {got}"
            return Ruling("wrong answer", index, why, got, runs.cpu_s)
    return Ruling("passed", cpu_s=runs.cpu_s)


def _agree(judge: Judge, problem: BenchmarkProblem, rules: RuleSet, index: int, output: object) -> bool:
    test = problem.tests[index]
    function = problem.interface == "function"
    name = rules.value if function else rules.text
    if name == CHECKER:
        actual = literal_text(output) if function else str(output)
        return judge.agree(_contract(problem, 2.0), test.input, test.output, actual)
    if function:
        return VALUES[name](read_literal(test.output), output)
    return TEXTS[name](test.output, str(output))


def _contract(problem: BenchmarkProblem, time_s: float) -> Contract:
    details = dict(problem.details)
    default = "literal" if problem.interface == "function" else "tokens"
    return Contract(
        interface="function" if problem.interface == "function" else "stdio",
        entry_point=problem.entry_point if problem.interface == "function" else None,
        limits=Limits(time_s=time_s, memory_mb=int(details.get("memory_mb", MEMORY_MB))),
        checker=Checker(name=details.get("checker", default)),
    )


def _given(problem: BenchmarkProblem, index: int) -> object:
    text = problem.tests[index].input
    if problem.interface != "function":
        return text
    arguments = list(read_literal(text))
    try:
        json.dumps(arguments)
    except (TypeError, ValueError):
        raise CaseError(
            f"{problem.task_id}: the arguments {short(text)} have no JSON form, which these rules need"
        ) from None
    return arguments


def _time_s(problem: BenchmarkProblem, rules: RuleSet) -> float:
    return rules.time_s or float(dict(problem.details).get("time_s", "6"))


def _prelude(rules: RuleSet) -> str:
    limit = f"sys.setrecursionlimit({rules.recursion_limit})\n" if rules.recursion_limit else ""
    return rules.prelude + limit


def _ended(execution: Execution) -> str:
    said = {
        Verdict.AC: "it ended the process itself",
        Verdict.TLE: "time limit exceeded",
        Verdict.MLE: "memory limit exceeded",
        Verdict.OLE: "it printed too much",
        Verdict.CE: "it does not compile",
    }.get(execution.verdict, "it crashed or ended with an error")
    return f"{said}: {short(execution.message)}" if execution.message else said


def _outcome(execution: Execution) -> Outcome:
    return _OUTCOMES.get(execution.verdict, "crash")


def short(value: object) -> str:
    """Return a text, or the text of a value, cut to fit into a line."""
    text = value if isinstance(value, str) else repr(value)
    return repr(text) if len(text) <= 80 else f"{text[:60]!r}... ({len(text)} characters)"


@cache
def _driver() -> str:
    return files("stepsmith.benchmarks").joinpath("files", "run_tests.py").read_text("utf-8")
