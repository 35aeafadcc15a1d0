"""What an interaction, or a test of several passes, comes to; see also ``guess`` and ``telephone`` in tests/golden."""

import time

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.checkers import check_checker
from stepsmith.judge.interaction import LEFT_ALONE_S, Pass, decide, interactor_limits, judge_passes
from stepsmith.judge.languages import language
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.verdicts import allowance, run_limits
from stepsmith.sandbox.executable import RunOutcome
from stepsmith.sandbox.interaction import Interaction

ALLOWED = allowance(Limits(time_s=1, memory_mb=100), language("python"))
INTERACTOR = allowance(Limits(time_s=30, memory_mb=2048), language("python"))


def ended(exit_code: int | None = 0, **changes: object) -> RunOutcome:
    fields: dict[str, object] = {
        "exit_code": exit_code, "signal": None, "cpu_s": 0.1, "wall_s": 0.1, "peak_mb": 10.0, "image_mb": 0.0,
        "end": "", "stdout": b"", "too_much": False, "stderr": b"", "result": b"",
    }  # fmt: skip
    return RunOutcome(**(fields | changes))  # type: ignore[arg-type]


FINE, FAILED = ended(), ended(1)
SIGPIPE = ended(None, signal=13)
SLOW = ended(None, signal=9, end="cpu", cpu_s=1.3)
WAITED = ended(None, signal=9, end="wall", wall_s=7.0)
LARGE = ended(0, peak_mb=200.0)
ACCEPTS, REJECTS, CRASHED = ended(42), ended(43), ended(1, stderr=b"ValueError")
KILLED = ended(None, signal=11)
LOOPED = ended(None, signal=9, end="cpu", cpu_s=37.0)
HUNG = ended(None, signal=9, end="wall", wall_s=67.0)
ENDS = [  # solution, interactor, whether the interactor ended first, verdict
    (FINE, ACCEPTS, True, "AC"),
    (FINE, ACCEPTS, False, "AC"),
    (FINE, REJECTS, True, "WA"),
    (FINE, REJECTS, False, "WA"),
    # What becomes of a solution that was rejected before it ended does not count.
    (FAILED, REJECTS, True, "WA"),
    (SIGPIPE, REJECTS, True, "WA"),
    (SLOW, REJECTS, True, "WA"),
    (WAITED, REJECTS, True, "WA"),
    (LARGE, REJECTS, True, "WA"),
    # A solution that fails by itself, or after it was accepted, has failed.
    (FAILED, REJECTS, False, "RTE"),
    (FAILED, ACCEPTS, False, "RTE"),
    (FAILED, ACCEPTS, True, "RTE"),
    (SLOW, REJECTS, False, "TLE"),
    (SLOW, ACCEPTS, True, "TLE"),
    (WAITED, REJECTS, False, "TLE"),  # a deadlock: the solution has the shorter limit
    (WAITED, ACCEPTS, True, "TLE"),
    (LARGE, ACCEPTS, False, "MLE"),
    # An interactor that fails while the solution runs is our failure.
    (FINE, CRASHED, True, "IE"),
    (FAILED, CRASHED, True, "IE"),
    (SLOW, KILLED, True, "IE"),
    (WAITED, LOOPED, True, "IE"),
    (FINE, ended(42, peak_mb=4000.0), True, "IE"),
    # One that fails because the solution has left it alone is not: no solution can bring on IE by leaving.
    (FINE, CRASHED, False, "WA"),
    (FINE, KILLED, False, "WA"),
    (FINE, LOOPED, False, "WA"),
    (FINE, HUNG, False, "WA"),
    (FAILED, CRASHED, False, "RTE"),
    (SLOW, CRASHED, False, "TLE"),
    (WAITED, HUNG, False, "TLE"),
]


@pytest.mark.parametrize(("solution", "interactor", "first", "verdict"), ENDS, ids=range(len(ENDS)))
def test_ends_to_verdicts(solution: RunOutcome, interactor: RunOutcome, first: bool, verdict: str) -> None:
    met = Interaction(solution=solution, interactor=interactor, interactor_first=first)
    found, message = decide(met, ALLOWED, INTERACTOR, ())
    assert found == verdict, message
    assert bool(message) is (verdict != "AC")


def test_the_interactor_says_why() -> None:
    word = (("feedback/judgemessage.txt", b"out of range\n"), ("feedback/other", b""))
    for solution, interactor, first, verdict in ENDS:
        met = Interaction(solution=solution, interactor=interactor, interactor_first=first)
        message = decide(met, ALLOWED, INTERACTOR, word)[1]
        if verdict in ("AC", "WA") and interactor in (ACCEPTS, REJECTS):
            assert message == "out of range"
    met = Interaction(solution=FINE, interactor=CRASHED, interactor_first=True)
    assert decide(met, ALLOWED, INTERACTOR, word)[1] == (
        "the interactor ended with exit code 1: out of range; ValueError"
    )


def test_an_interactor_outlives_the_solution() -> None:
    for limits in (Limits(time_s=3), Limits(time_s=3, wall_s=100)):
        solution = allowance(limits, language("python"))
        interactor = interactor_limits(solution)
        assert interactor.wall_s == run_limits(solution).wall_s + LEFT_ALONE_S


# Several passes

AGAIN = (("feedback/nextpass.in", b"second"), ("feedback/kept", b"x"))


def passes(*planned: tuple[str, tuple[tuple[str, bytes], ...]], most: int = 3) -> tuple[TestResult, list[object]]:
    """Judge passes that come out as planned; return the result and what each was given."""
    given: list[object] = []
    left = iter(planned)

    def one(text: str, feedback: tuple[tuple[str, bytes], ...]) -> Pass:
        given.append((text, feedback))
        verdict, files = next(left)
        number = len(given)
        result = TestResult(verdict=Verdict(verdict), cpu_s=1 / number, wall_s=number, peak_mb=1, message=verdict)
        return Pass(result=result, feedback=files)

    return judge_passes("first", most, one), given


def test_a_pass_gets_what_the_one_before_left() -> None:
    result, given = passes(("AC", AGAIN), ("AC", AGAIN[:1]), ("AC", ()))
    assert given == [("first", ()), ("second", AGAIN[1:]), ("second", ())]
    assert (result.verdict, result.cpu_s, result.wall_s) == (Verdict.AC, 1.0, 3.0)  # of the most expensive pass


ENDINGS = [
    ([("AC", ())], "AC"),
    ([("WA", ())], "WA"),
    ([("AC", AGAIN), ("TLE", ())], "TLE"),
    ([("AC", AGAIN), ("IE", ())], "IE"),
    ([("WA", AGAIN)], "IE"),  # rejects, and asks for more
    ([("AC", AGAIN), ("WA", AGAIN)], "IE"),
    ([("AC", AGAIN)] * 3, "IE"),  # asks for more than three
]


@pytest.mark.parametrize(("planned", "verdict"), ENDINGS, ids=range(len(ENDINGS)))
def test_the_last_pass_decides(planned: list[tuple[str, tuple[tuple[str, bytes], ...]]], verdict: str) -> None:
    result, given = passes(*planned)
    assert result.verdict == verdict
    assert result.message
    assert len(given) == len(planned)


def test_a_problem_of_one_pass_has_one() -> None:
    result, given = passes(("AC", AGAIN), most=1)
    assert (result.verdict, given) == (Verdict.AC, [("first", ())])


# With the judge

INTERACTOR_CODE = """
import sys
for n in range({count}):
    print(n, flush=True)
    if input() != str(n + 1):
        sys.exit(43)
sys.exit(42)
"""


def contract(count: int, name: str = "interactive-kattis", **limits: float) -> Contract:
    files = (("interactor.py", INTERACTOR_CODE.format(count=count)),)
    return Contract(interface="stdio", limits=Limits(**limits), checker=Checker(name=name, files=files))  # type: ignore[arg-type]


ADD = Solution(language="python", code="import sys\nfor line in sys.stdin: print(int(line) + 1, flush=True)")
EMPTY = TestCase(input="", output="")


def test_many_exchanges(judge: LocalJudge) -> None:
    (result,) = judge.judge(ADD, contract(5000, time_s=5), [EMPTY]).tests
    assert result.verdict is Verdict.AC, result


@pytest.mark.serial
def test_a_deadlock_is_the_solution_s_and_ends_soon(judge: LocalJudge) -> None:
    waiting = Solution(language="python", code="input(); input(); input()")
    began = time.monotonic()
    (result,) = judge.judge(waiting, contract(3, wall_s=0.5), [EMPTY]).tests
    assert result.verdict is Verdict.TLE
    assert result.wall_s >= 0.5
    assert result.cpu_s < 0.5
    assert time.monotonic() - began < LEFT_ALONE_S  # nobody waits for the interactor's own limit


def test_every_test_has_its_own_interactor(judge: LocalJudge) -> None:
    code = "import sys\nfor i, line in enumerate(sys.stdin): print(int(line) + (i < 2), flush=True)"
    judgement = judge.judge(Solution(language="python", code=code), contract(2), [EMPTY] * 3)
    assert [result.verdict for result in judgement.tests] == ["AC"] * 3
    judgement = judge.judge(
        Solution(language="python", code=code), contract(3), [EMPTY] * 3, stop_at_first_failure=True
    )
    assert [result.verdict for result in judgement.tests] == ["WA"]


def test_an_interactor_that_does_not_compile_is_our_failure(judge: LocalJudge) -> None:
    broken = Checker(name="interactive-kattis", files=(("interactor.py", "print("),))
    judgement = judge.judge(ADD, Contract(interface="stdio", checker=broken), [EMPTY])
    assert judgement.verdict is Verdict.IE
    assert "the interactor does not compile: " in judgement.tests[0].message


def test_lost_workers_are_replaced_in_the_middle(own: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsmith.judge import testing

    real, killed = testing.interact, []

    def interact(solution: object, interactor: object, *arguments: object, **named: object) -> object:
        if len(killed) < 2:
            killed.append((solution, interactor)[len(killed)])
            killed[-1].kill()  # type: ignore[attr-defined]
        return real(solution, interactor, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(testing, "interact", interact)
    assert own.judge(ADD, contract(2), [EMPTY] * 2).verdict is Verdict.AC
    assert len(killed) == 2


def test_what_only_runs_can_tell_is_not_asked_of_texts(judge: LocalJudge) -> None:
    for name in ("interactive-kattis", "custom-kattis:2"):
        with pytest.raises(CaseError, match="cannot compare two texts"):
            judge.agree(contract(1, name), "", "", "")


NAMES = {
    "custom-kattis": True, "custom-kattis:2": True, "interactive-kattis": True, "interactive-kattis:7": True,
    "custom-kattis:1": False, "custom-kattis:": False, "custom-kattis:x": False, "custom-kattis:-2": False,
    "custom-testlib": True, "custom-testlib:2": False, "interactive-testlib": False, "interactive": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "known"), NAMES.items())
def test_names(name: str, known: bool) -> None:
    checker = Checker(name=name, files=(("a.py", ""),))
    if known:
        check_checker(checker, "stdio")
    else:
        with pytest.raises(CaseError, match=r"unknown checker|number of passes|takes no checker_files"):
            check_checker(checker, "stdio")
    if known and name not in ("custom-kattis", "custom-testlib"):
        with pytest.raises(CaseError, match="runs programs on stdio"):
            check_checker(checker, "function")
