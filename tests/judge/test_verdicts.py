import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Limits, Verdict
from stepsmith.judge.languages import Language, language
from stepsmith.judge.verdicts import allowance, doubtful, failure, run_limits
from stepsmith.sandbox.executable import RunOutcome

LIMITS = Limits(time_s=1, memory_mb=100, output_mb=1)


def outcome(**changes: object) -> RunOutcome:
    fields: dict[str, object] = {
        "exit_code": 0, "signal": None, "cpu_s": 0.1, "wall_s": 0.1, "peak_mb": 10.0, "image_mb": 0.0, "end": "",
        "stdout": b"", "too_much": False, "stderr": b"", "result": b"",
    }  # fmt: skip
    return RunOutcome(**(fields | changes))  # type: ignore[arg-type]


NATIVE, PYTHON = language("cpp"), language("python")
KILLED = {"exit_code": None, "signal": 9}
OF_ANY_LANGUAGE = [
    ({}, None),
    ({"exit_code": 1}, "RTE"),
    ({"exit_code": None, "signal": 11}, "RTE"),
    ({"exit_code": None, "signal": 11, "peak_mb": 95.0}, "MLE"),
    ({"exit_code": None, "signal": 11, "image_mb": 500.0}, "MLE"),
    (KILLED | {"peak_mb": 99.0}, "MLE"),
    (KILLED, "RTE"),
    ({"exit_code": None, "signal": 6}, "RTE"),
    ({"exit_code": 0, "peak_mb": 101.0}, "MLE"),
    ({"exit_code": 0, "cpu_s": 1.1}, "TLE"),
    (KILLED | {"end": "cpu", "cpu_s": 1.3}, "TLE"),
    (KILLED | {"end": "wall", "wall_s": 7.0}, "TLE"),
    ({"exit_code": None, "signal": signal.SIGXCPU, "cpu_s": 0.9}, "TLE"),
    ({"exit_code": None, "signal": signal.SIGXFSZ}, "OLE"),
    ({"exit_code": 0, "too_much": True}, "OLE"),
    ({"exit_code": 0, "image_mb": 500.0}, None),  # large, but it fitted
]


@pytest.mark.parametrize(("changes", "verdict"), OF_ANY_LANGUAGE)
@pytest.mark.parametrize("row", [NATIVE, PYTHON], ids=lambda row: row.name)
def test_facts_to_verdicts(row: Language, changes: dict[str, object], verdict: str | None) -> None:
    failed = failure(outcome(**changes), allowance(LIMITS, row))
    assert (failed and failed[0]) == verdict


LAST_WORDS = [
    ("python", 1, None, b"Traceback...\nMemoryError\n", "MLE"),
    ("python", 1, None, b"numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7 GiB\n", "MLE"),
    ("python", 1, None, b"MemoryError\nValueError: no\n", "RTE"),
    ("python", 1, None, b"what(): std::bad_alloc\n", "RTE"),
    ("cpp", None, 6, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what(): ...", "MLE"),
    ("cpp20", None, 6, b"terminate called after throwing an instance of 'std::bad_alloc'\n", "MLE"),
    ("cpp", None, 6, b"MemoryError\n", "RTE"),
    (
        "java",
        1,
        None,
        b'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat A.f(A.java)',
        "MLE",
    ),
    ("java", 1, None, b'Exception in thread "main" java.lang.StackOverflowError\n\tat A.f(A.java)', "RTE"),
    ("rust", None, 6, b"memory allocation of 1048576 bytes failed\n", "MLE"),
    ("rust", 101, None, b"thread 'main' panicked at 'index out of bounds'\n", "RTE"),
    ("go", 2, None, b"fatal error: runtime: out of memory\n\nruntime stack:\n", "MLE"),
    ("go", 2, None, b"fatal error: all goroutines are asleep - deadlock!\n", "RTE"),
    ("javascript", None, 6, b"FATAL ERROR: Reached heap limit - JavaScript heap out of memory\n 1: 0xb7", "MLE"),
    ("javascript", None, 5, b"# Fatal process OOM in Failed to reserve virtual memory for CodeRange\n", "MLE"),
    ("javascript", 1, None, b"RangeError: Maximum call stack size exceeded\n", "RTE"),
]


@pytest.mark.parametrize(("name", "exit_code", "number", "stderr", "verdict"), LAST_WORDS, ids=range(len(LAST_WORDS)))
def test_words_about_memory(name: str, exit_code: int | None, number: int | None, stderr: bytes, verdict: str) -> None:
    allowed = allowance(LIMITS, language(name))
    failed = failure(outcome(exit_code=exit_code, signal=number, stderr=stderr), allowed)
    assert failed is not None
    assert failed[0] == verdict


outcomes = st.builds(
    RunOutcome,
    exit_code=st.none() | st.integers(0, 255), signal=st.none() | st.integers(1, 64),
    cpu_s=st.floats(0, 3), wall_s=st.floats(0, 9), peak_mb=st.floats(0, 300), image_mb=st.floats(0, 300),
    end=st.sampled_from(["", "cpu", "wall"]), stdout=st.just(b""), too_much=st.booleans(),
    stderr=st.sampled_from([b"", b"MemoryError"]), result=st.just(b""),
)  # fmt: skip


@given(outcomes)
def test_only_a_normal_end_within_all_limits_is_no_failure(run: RunOutcome) -> None:
    failed = failure(run, allowance(LIMITS, PYTHON))
    normal = run.exit_code == 0 and run.signal not in (signal.SIGXFSZ, signal.SIGXCPU) and not run.end
    within = run.cpu_s <= LIMITS.time_s and run.peak_mb <= LIMITS.memory_mb and not run.too_much
    assert (failed is None) is (normal and within)
    if failed:
        assert failed[0] in (Verdict.TLE, Verdict.MLE, Verdict.OLE, Verdict.RTE)
        assert failed[1]


@given(outcomes)
def test_only_what_nobody_killed_is_doubtful(run: RunOutcome) -> None:
    if doubtful(run, LIMITS):
        assert not run.end
        assert run.cpu_s > LIMITS.time_s or run.signal == signal.SIGKILL


@given(st.floats(0.01, 100))
def test_the_sandbox_kills_later_than_the_verdict_falls(time_s: float) -> None:
    limits = run_limits(allowance(Limits(time_s=time_s), PYTHON))
    assert limits.cpu_s > time_s
    assert limits.wall_s >= 2 * limits.cpu_s  # a program that only computes is never stopped for wall time
    assert run_limits(allowance(Limits(time_s=time_s, wall_s=3), PYTHON)).wall_s == 3
