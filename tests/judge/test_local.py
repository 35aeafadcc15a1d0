import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.records import Checker, Contract, Judgement, Limits, Solution, TestCase, Verdict
from stepsmith.judge import worker_set
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.program import Program
from stepsmith.sandbox.worker import Worker
from tests.sandbox.world import descendants

STDIO = Contract(interface="stdio", limits=Limits(time_s=1))
DOUBLE = Solution(language="python", code="print(2 * int(input()))")


def cases(*numbers: int) -> list[TestCase]:
    return [TestCase(input=f"{n}\n", output=f"{2 * n}\n") for n in numbers]


def function(entry_point: str = "f", checker: str = "literal") -> Contract:
    return Contract(interface="function", entry_point=entry_point, checker=Checker(name=checker))


def call(judge: LocalJudge, code: str, arguments: str, entry_point: str = "f") -> str:
    """Return what a function returned, as text, or its verdict."""
    (run,) = judge.execute(Solution(language="python", code=code), function(entry_point), [arguments])
    return run.output if run.verdict is Verdict.AC else f"{run.verdict}"


@pytest.fixture
def own() -> Iterator[LocalJudge]:
    """A judge to be maltreated."""
    with LocalJudge() as judge:
        yield judge


VERDICTS = {
    "print(2 * int(input()))": "AC",
    "print(3 * int(input()))": "WA",
    "while True: pass": "TLE",
    "x = bytearray(1 << 29)": "MLE",
    "x = [0] * 10 ** 12": "MLE",
    "while True: print('x' * 10000)": "OLE",
    "1 / 0": "RTE",
    "import sys; sys.exit(2)": "RTE",
    "import os; os.abort()": "RTE",
    "import no_such_module": "RTE",
    "print(": "CE",
    "  x = 1\n y = 2": "CE",
    "return 1": "CE",
    "\ud800": "CE",
}


@pytest.mark.parametrize(("code", "verdict"), VERDICTS.items(), ids=range(len(VERDICTS)))
def test_verdicts(judge: LocalJudge, code: str, verdict: str) -> None:
    contract = Contract(interface="stdio", limits=Limits(time_s=0.3, memory_mb=128, output_mb=1))
    judgement = judge.judge(Solution(language="python", code=code), contract, cases(4))
    assert judgement.verdict == verdict, judgement
    assert judgement.isolation == judge.isolation
    assert bool(judgement.compile_output) is (verdict == "CE")
    assert len(judgement.tests) == (verdict != "CE")
    assert all(bool(result.message) is (verdict != "AC") for result in judgement.tests)


def test_the_verdict_is_the_first_failing_test_s(judge: LocalJudge) -> None:
    solution = Solution(language="python", code="n = int(input())\nprint(2 * n if n < 3 else n if n < 5 else 1 / 0)")
    judgement = judge.judge(solution, STDIO, cases(1, 3, 5, 2))
    assert [result.verdict for result in judgement.tests] == ["AC", "WA", "RTE", "AC"]
    assert judgement.verdict is Verdict.WA
    stopped = judge.judge(solution, STDIO, cases(1, 3, 5, 2), stop_at_first_failure=True)
    assert [result.verdict for result in stopped.tests] == ["AC", "WA"]
    assert stopped.verdict is Verdict.WA


def test_no_tests_is_not_accepted(judge: LocalJudge) -> None:
    for contract in (STDIO, function()):
        with pytest.raises(CaseError, match="no tests"):
            judge.judge(DOUBLE, contract, [])
    assert judge.execute(DOUBLE, STDIO, []) == []


def test_an_execution_for_every_input(judge: LocalJudge) -> None:
    solution = Solution(language="python", code="n = int(input())\nprint(n if n else 1 / n)")
    runs = judge.execute(solution, STDIO, ["7", "0", "8"])
    assert [(run.verdict, run.output) for run in runs] == [("AC", "7\n"), ("RTE", ""), ("AC", "8\n")]
    broken = judge.execute(Solution(language="python", code="("), STDIO, ["1", "2"])
    assert [run.verdict for run in broken] == ["CE", "CE"]
    assert "never closed" in broken[0].message
    assert judge.execute(DOUBLE, STDIO, []) == []


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ("(1, [2])", "((1, [2]), {})"),
        ("1, [2]", "((1, [2]), {})"),
        ("5", "((5,), {})"),
        ("'a'", "(('a',), {})"),
        ("({'k': 1},)", "(({'k': 1},), {})"),
        ("()", "((), {})"),
        ("[1, null, true]", "((1, None, True), {})"),
        ('{"x": [1.5], "y": "é"}', "((), {'x': [1.5], 'y': 'é'})"),
        ("{'x': (1,), 'y': None}", "((), {'x': (1,), 'y': None})"),
        ("({1, 2}, b'z', 1e999, -2.5e-3)", "(({1, 2}, b'z', inf, -0.0025), {})"),
    ],
)
def test_arguments_are_literals_or_json_by_position_or_name(judge: LocalJudge, arguments: str, result: str) -> None:
    assert call(judge, "def f(*args, **kwargs):\n    return (args, kwargs)", arguments) == result


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("[1, (2, 3), {'a': {4}}]", "[1, (2, 3), {'a': {4}}]"),
        ("Counter('aab')", "{'a': 2, 'b': 1}"),
        ("defaultdict(list, {1: [2]})", "{1: [2]}"),
        ("OrderedDict(a=1)", "{'a': 1}"),
        ("deque([1, 2])", "[1, 2]"),
        ("namedtuple('P', 'x y')(1, 2)", "(1, 2)"),
        ("range(3)", "[0, 1, 2]"),
        ("IntEnum('E', 'a b').b", "2"),
        ("frozenset([1])", "{1}"),
        ("set()", "set()"),
        ("float('inf'), float('nan')", "(inf, nan)"),
        ("10 ** 5000", "1" + "0" * 5000),
        ("'\\ud800'", r"'\ud800'"),
        ("None", "None"),
        ("True", "True"),
    ],
)
def test_results_are_the_text_of_plain_values(judge: LocalJudge, expression: str, text: str) -> None:
    code = f"from collections import *\nfrom enum import IntEnum\ndef f():\n    return {expression}"
    assert call(judge, code, "()") == text


literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(literals, min_size=1, max_size=5))
def test_any_value_comes_back_as_it_went(judge: LocalJudge, values: list[object]) -> None:
    runs = judge.execute(
        Solution(language="python", code="def f(x): return x"), function(), [repr((value,)) for value in values]
    )
    assert [run.output for run in runs] == [repr(value) for value in values]


def test_entry_points(judge: LocalJudge) -> None:
    code = "class Solution:\n    def solve(self, n):\n        return n + 1\ndef g(n):\n    return n - 1"
    assert call(judge, code, "(1,)", "Solution.solve") == "2"
    assert call(judge, code, "(1,)", "solve") == "2"
    assert call(judge, code, "(1,)", "g") == "0"
    (missing,) = judge.judge(
        Solution(language="python", code=code), function("absent"), [TestCase(input="()", output="1")]
    ).tests
    assert missing.verdict is Verdict.RTE
    assert "entry point 'absent' is not defined" in missing.stderr
    assert call(judge, "raise ValueError", "()") == "RTE"
    assert call(judge, "def f(): print('[1]')", "()") == "None"
    with pytest.raises(CaseError, match="entry point"):
        judge.judge(DOUBLE, Contract(interface="function"), cases(1))
    with pytest.raises(CaseError, match="function interface is for Python"):
        judge.judge(Solution(language="cpp", code=""), function(), cases(1))


def test_languages_and_levels_that_do_not_exist() -> None:
    with LocalJudge() as judge, pytest.raises(CaseError, match="unknown language 'cobol'"):
        judge.judge(Solution(language="cobol", code=""), STDIO, cases(1))
    with pytest.raises(MachineError, match="unknown isolation"):
        LocalJudge("L9")
    with pytest.raises(MachineError, match="--allow-unsafe"):
        LocalJudge("L0")
    with LocalJudge("L0", allow_unsafe=True) as unsafe:
        assert unsafe.isolation == "L0"
        assert unsafe.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.AC


def test_levels_step_down_only_when_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = worker_set.levels.start

    def no_more_than(most: int) -> None:
        def start(level: int, setup: object) -> object:
            if level > most:
                raise SandboxError(f"no level {level} here")
            return real(level, setup)  # type: ignore[arg-type]

        monkeypatch.setattr(worker_set.levels, "start", start)

    monkeypatch.setattr(worker_set, "_best", [])
    no_more_than(1)
    with LocalJudge() as judge:
        assert judge.isolation == "L1"
        assert judge.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.AC
    with pytest.raises(MachineError, match="L3: no level 3 here"):
        LocalJudge("L3")
    monkeypatch.setattr(worker_set, "_best", [])
    no_more_than(0)
    with pytest.raises(MachineError, match=r"no level 1 here.*--allow-unsafe"):
        LocalJudge()
    with LocalJudge(allow_unsafe=True) as judge:
        assert judge.isolation == "L0"


def test_lost_workers_cost_nothing_but_time(own: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever process of a worker is killed, and whenever: no verdict changes."""
    done = threading.Event()
    killed: list[int] = []
    runs: list[object] = []
    real = Worker.run

    def counted(*arguments: object, **named: object) -> object:
        outcome = real(*arguments, **named)  # type: ignore[arg-type]
        runs.append(outcome)
        return outcome

    def kill_at_random() -> None:
        state, before = 1, 0
        while not done.wait(state % 50 / 1000):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            family = sorted(descendants(os.getpid()) - outside)
            if family and len(runs) >= before + 5:  # however slow the machine, some tests come through
                before = len(runs)
                killed.append(family[state % len(family)])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    own.judge(DOUBLE, STDIO, cases(1))
    outside = descendants(os.getpid()) - descendants(own._programs.worker_set.worker("solutions").server.pid)
    outside.discard(own._programs.worker_set.worker("solutions").server.pid)
    monkeypatch.setattr(Worker, "run", counted)
    killer = threading.Thread(target=kill_at_random)
    killer.start()
    solution = Solution(
        language="python", code="import time\ntime.sleep(0.03)\nn = int(input())\nprint(2 * n if n != 13 else 0)"
    )
    try:
        judgements = [own.judge(solution, STDIO, cases(*range(20))) for _ in range(4)]
    finally:
        done.set()
        killer.join()
    assert len(killed) > 5
    for judgement in judgements:
        assert [result.verdict for result in judgement.tests] == ["AC"] * 13 + ["WA"] + ["AC"] * 6


def test_a_sandbox_that_fails_for_good_is_ie(own: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    def start(level: int, setup: object) -> object:
        attempts.append(level)
        raise SandboxError("the machine is overloaded")

    monkeypatch.setattr("stepsmith.judge.runs.PAUSE_S", 0.0)
    monkeypatch.setattr("stepsmith.judge.runs.GIVE_UP_S", 0.0)
    monkeypatch.setattr(worker_set.levels, "start", start)
    own._programs.worker_set.drop("solutions")
    judgement = own.judge(DOUBLE, STDIO, cases(1, 2))
    assert judgement.verdict is Verdict.IE
    assert judgement.tests[-1].message == "the machine is overloaded"
    assert len(attempts) == 5
    runs = own.execute(DOUBLE, STDIO, ["1", "2"])
    assert [(run.verdict, run.message) for run in runs] == [(Verdict.IE, "the machine is overloaded")] * 2
    assert own.run_program(Program(language="python", sources=(("a.py", ""),))).verdict is Verdict.IE


def test_no_descriptors_left_is_ie(own: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsmith.judge.runs.GIVE_UP_S", 0.0)
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        judgement = own.judge(DOUBLE, STDIO, cases(1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert judgement.verdict is Verdict.IE
    assert own.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.AC


def test_a_run_that_is_a_little_slow_is_run_again(judge: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run is made slow by us, the second is not."""
    from stepsmith.judge import runs

    real = runs.doubtful
    seen = []

    def doubtful(outcome: object, limits: Limits) -> bool:
        seen.append(outcome)
        return len(seen) == 1 or real(outcome, limits)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "doubtful", doubtful)
    assert judge.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.AC
    assert len(seen) == 2
    slow = Solution(
        language="python", code="import time\nt = time.process_time()\nwhile time.process_time() - t < 0.22: pass"
    )
    seen.clear()
    contract = Contract(interface="stdio", limits=Limits(time_s=0.2))
    judgement = judge.judge(slow, contract, cases(1))
    assert judgement.verdict is Verdict.TLE
    assert len(seen) == 2  # of the runs after the first, the second was not asked about


@pytest.mark.serial
def test_closing_from_another_thread_ends_what_is_under_way() -> None:
    judge = LocalJudge()
    results: list[Judgement] = []
    slow = Solution(language="python", code="while True: pass")
    contract = Contract(interface="stdio", limits=Limits(time_s=60))
    thread = threading.Thread(target=lambda: results.append(judge.judge(slow, contract, cases(1))))
    thread.start()
    time.sleep(0.3)
    started = time.monotonic()
    judge.close()
    thread.join()
    assert time.monotonic() - started < 10
    assert results[0].verdict is Verdict.IE
    assert judge.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.IE
    judge.close()


def _in_child(judge: LocalJudge | None) -> None:
    mine = judge or LocalJudge()
    verdict = mine.judge(DOUBLE, STDIO, cases(1)).verdict
    mine.close()
    os._exit(0 if verdict is Verdict.AC else 1)


def test_a_judge_in_a_spawned_process(own: LocalJudge) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_in_child, args=(None,))
    child.start()
    child.join(60)
    assert child.exitcode == 0


def test_a_judge_copied_by_fork_gets_workers_of_its_own(own: LocalJudge) -> None:
    pid = os.fork()
    if pid == 0:
        _in_child(own)
    assert os.waitpid(pid, 0)[1] == 0
    assert own.judge(DOUBLE, STDIO, cases(1, 2)).verdict is Verdict.AC


def test_several_judges_in_one_process(judge: LocalJudge, own: LocalJudge) -> None:
    for _ in range(3):
        assert judge.judge(DOUBLE, STDIO, cases(1)).verdict is Verdict.AC
        assert own.judge(DOUBLE, STDIO, cases(2)).verdict is Verdict.AC


AGREE = [  # checker, expected, actual, on stdio, on function
    ("tokens", "[1,2]", "[1, 2]", False, True),
    ("tokens", "1 2", "1  2", True, False),
    ("exact", "[1,2]", "[1, 2]", False, True),
    ("exact", "1", "True", False, False),
    ("exact", "{1, 2}", "{2, 1}", False, True),
    ("literal", "1", "1.0", True, True),
    ("literal", "'a'", '"a"', True, True),
    ("literal", "yes", "yes", True, True),
    ("literal", "yes", "no", False, False),
    ("literal", "<object at 0x1>", "<object at 0x2>", False, False),  # what some program gave: no value
    ("literal", "1", "<object at 0x2>", False, False),
    ("unordered", "(1, 2)", "[2, 1]", True, True),
    ("unordered", "3 1", "1 3", True, False),
    ("float:0.1", "[1.0]", "[1.05]", False, True),
    ("float:0.1", "1.0", "1.05", True, True),
]


@pytest.mark.parametrize(("name", "expected", "actual", "printed", "returned"), AGREE, ids=range(len(AGREE)))
def test_agreement_is_by_the_interface(
    judge: LocalJudge, name: str, expected: str, actual: str, printed: bool, returned: bool
) -> None:
    """``agree`` says what ``judge`` would say of a program that gives ``actual``."""
    checker = Checker(name=name)
    stdio = Contract(interface="stdio", checker=checker)
    assert judge.agree(stdio, "", expected, actual) is printed
    assert judge.agree(function(checker=name), "()", expected, actual) is returned
    shown = judge.judge(
        Solution(language="python", code=f"print({actual!r})"), stdio, [TestCase(input="", output=expected)]
    )
    assert (shown.verdict is Verdict.AC) is printed
