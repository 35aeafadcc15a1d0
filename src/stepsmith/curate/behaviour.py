"""Behaviour: programs that do the same, whatever their words. They run in the judge, on candidates only.

Two problems behave alike if each golden program gives the other's outputs on the other's inputs. A golden program
behaves like an item of a benchmark if it passes the item's checks; where an item has too few of them, its program must
also give the problem's outputs on the problem's inputs. Arguments may come in another order.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

import msgspec

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Checker, Contract, Limits, Problem, Record, Solution, TestCase, Verdict
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.judge.protocol import Judge

Alike = Literal["same", "differ", "unsure"]
Order = tuple[int, ...]  # positions of the arguments, in the order in which the other function takes them

INPUTS = 16  # of each problem, at most
FEWEST_INPUTS = 4
MOST_PERMUTED = 3  # arguments
FEWEST_CASES = 2  # fewest tests on standard input, each of which usually asks for more than one value
FEWEST_CHECKS = 5  # fewer prove little: for example, concatenation passes checks in which nothing has to be removed
CHECK_S = 0.3  # CPU seconds for all checks of one item, in one order of the arguments
_MARK = "@@passes"
_LIMITS = Limits(time_s=8.0, memory_mb=1024)


class BehaviourComparison(Record, frozen=True):
    """The result of running two programs on each other's inputs."""

    alike: Alike
    evidence: str = ""


def same_behaviour(judge: Judge, one: Problem, other: Problem) -> BehaviourComparison:
    """Run the golden program of each problem on the inputs of the other."""
    if not _comparable(one, other):
        return BehaviourComparison(
            alike="unsure", evidence="interfaces, environments or tests do not allow a comparison"
        )
    forward = _agrees(judge, one, other)
    if forward.alike != "same":
        return forward
    backward = _agrees(judge, other, one)
    if backward.alike != "same":
        return backward
    return BehaviourComparison(alike="same", evidence=f"{forward.evidence}; {backward.evidence}")


def passed_items(judge: Judge, problem: Problem, items: Sequence[BenchmarkItem]) -> list[tuple[BenchmarkItem, str]]:
    """Return those of ``items`` that the golden program of a problem passes, with the evidence."""
    if problem.environment != "induction" or problem.golden.language not in ("python", "pypy"):
        return []
    if problem.contract.interface == "stdio":
        return [(item, shown) for item in items if (shown := _passes_cases(judge, problem, item))]
    with_checks = [item for item in items if item.checks]
    found = []
    for number, order in _passed_checks(judge, problem, with_checks):
        item = with_checks[number]
        checks = item.checks.count("assert")
        shown = f"the golden program passes the {checks} checks of {item.name}"
        if order != tuple(range(len(order))):
            shown += f" with its arguments in the order {', '.join(str(place + 1) for place in order)}"
        if checks < FEWEST_CHECKS:
            reverse = _gives_the_outputs(judge, item, problem)
            if not reverse:
                continue
            shown += f"; {reverse}"
        found.append((item, shown))
    return found


def _comparable(one: Problem, other: Problem) -> bool:
    return (
        one.environment == other.environment == "induction"
        and one.contract.interface == other.contract.interface
        and min(_varied(one), _varied(other)) >= FEWEST_INPUTS
    )


def _varied(problem: Problem) -> int:
    """Return the number of tests to compare; 0 where all have the same output, which proves nothing."""
    tests = problem.tests[:INPUTS]
    return len(tests) if len({test.output for test in tests}) > 1 else 0


def _agrees(judge: Judge, one: Problem, other: Problem) -> BehaviourComparison:
    """Say whether the golden program of ``one`` gives the outputs of ``other`` on its inputs."""
    tests = other.tests[:INPUTS]
    last = BehaviourComparison(alike="differ", evidence="")
    for order in _orders(one, tests[0].input):
        inputs = [_permuted(test.input, order) for test in tests]
        runs = judge.execute(one.golden, one.contract, inputs)
        if any(run.verdict in (Verdict.IE, Verdict.TLE) for run in runs):
            return BehaviourComparison(alike="unsure", evidence="a run was too slow or failed by our fault")
        wrong = next(
            (k for k, run in enumerate(runs) if not _accepted(judge, other, tests[k], run.output, run.verdict)), -1
        )
        if wrong < 0:
            turned = "" if order == tuple(range(len(order))) else ", arguments in another order"
            return BehaviourComparison(
                alike="same", evidence=f"the program of one gives the other's outputs on {len(tests)} inputs{turned}"
            )
        last = BehaviourComparison(alike="differ", evidence=f"they differ on {tests[wrong].input[:100]}")
    return last


def _accepted(judge: Judge, problem: Problem, test: TestCase, output: str, verdict: Verdict) -> bool:
    if verdict is not Verdict.AC:
        return False
    try:
        return judge.agree(problem.contract, test.input, test.output, output)
    except (CaseError, SandboxError):
        return False


def _orders(problem: Problem, input_text: str) -> list[Order]:
    """Return the orders of arguments to try, the given one first."""
    if problem.contract.interface == "stdio":
        return [()]
    try:
        count = len(read_literal(input_text))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return [()]
    if count > MOST_PERMUTED:
        return [tuple(range(count))]
    return list(itertools.permutations(range(count)))


def _permuted(input_text: str, order: Order) -> str:
    if order == tuple(range(len(order))):
        return input_text
    try:
        values = read_literal(input_text)
        return literal_text(tuple(values[place] for place in order))
    except (ValueError, SyntaxError, TypeError, IndexError, RecursionError, MemoryError):
        return input_text


_TRY_ALL = """

import itertools as _itertools, inspect as _inspect, signal as _signal
class _TooSlow(BaseException):
    pass
def _stop(*_):
    _signal.setitimer(_signal.ITIMER_VIRTUAL, 0.05)  # again, if the program catches everything
    raise _TooSlow
_signal.signal(_signal.SIGVTALRM, _stop)
def _orders(function):
    try:
        count = len(_inspect.signature(function).parameters)
    except (TypeError, ValueError):
        count = 0
    return _itertools.permutations(range(count)) if 0 < count <= {most} else [tuple(range(count))]
def _turned(function, order):
    def candidate(*arguments):
        if len(arguments) != len(order):
            return function(*arguments)
        return function(*[arguments[place] for place in order])
    return candidate
for _number, _source in enumerate({sources!r}):
    for _order in _orders({target}):
        try:
            _signal.setitimer(_signal.ITIMER_VIRTUAL, {seconds})
            exec(_source, {{"candidate": _turned({target}, _order), "__name__": "checks"}})
            _signal.setitimer(_signal.ITIMER_VIRTUAL, 0)
        except BaseException:
            _signal.setitimer(_signal.ITIMER_VIRTUAL, 0)
            continue
        print("{mark}", _number, *_order, flush=True)
        break
print("{mark} end")
"""


def _passed_checks(judge: Judge, problem: Problem, items: Sequence[BenchmarkItem]) -> list[tuple[int, Order]]:
    """Return (number, order of arguments) of the items whose checks the golden program passes.

    All checks run in one process. Where that is too slow, each half runs in a process of its own.
    """
    if not items:
        return []
    owner, _, method = (problem.contract.entry_point or "").rpartition(".")
    target = f"{owner}().{method}" if owner else method
    sources = [item.checks for item in items]
    code = problem.golden.code + _TRY_ALL.format(
        most=MOST_PERMUTED, seconds=CHECK_S, sources=sources, target=target, mark=_MARK
    )
    contract = Contract(interface="stdio", limits=_LIMITS)
    (run,) = judge.execute(Solution(language="python", code=code), contract, [""])
    if run.verdict is not Verdict.AC or f"{_MARK} end" not in run.output:
        if len(items) == 1:
            return []
        half = len(items) // 2  # find the item that is too slow or ends the process, and leave it out
        first, second = _passed_checks(judge, problem, items[:half]), _passed_checks(judge, problem, items[half:])
        return [*first, *((half + number, order) for number, order in second)]
    lines = [line.split()[1:] for line in run.output.splitlines() if line.startswith(_MARK)]
    return [(int(number), tuple(map(int, order))) for number, *order in lines if number != "end"]


def _passes_cases(judge: Judge, problem: Problem, item: BenchmarkItem) -> str:
    """Return the evidence that a program passes an item's cases on standard input; "" where it does not."""
    if len(item.cases) < FEWEST_CASES:
        return ""
    contract = msgspec.structs.replace(problem.contract, checker=Checker(name="tokens"))
    tests = [TestCase(input=given, output=wanted) for given, wanted in item.cases]
    judgement = judge.judge(problem.golden, contract, tests, stop_at_first_failure=True)
    if judgement.verdict is not Verdict.AC:
        return ""
    return f"the golden program passes the {len(tests)} public tests of {item.name}"


def _gives_the_outputs(judge: Judge, item: BenchmarkItem, problem: Problem) -> str:
    """Return the evidence that the item's program passes the problem's tests; "" where it does not."""
    if not item.program or item.language != "python" or _varied(problem) < FEWEST_INPUTS:
        return ""
    contract = msgspec.structs.replace(problem.contract, entry_point=item.entry_point)
    program = Solution(language="python", code=item.program)
    tests = problem.tests[:INPUTS]
    judgement = judge.judge(program, contract, tests, stop_at_first_failure=True)
    if judgement.verdict is not Verdict.AC:
        return ""
    return f"the item's program passes {len(tests)} tests of the problem"
