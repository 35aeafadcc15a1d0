import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Limits, Verdict
from stepsmith.judge.verdicts import doubtful, failure, run_limits
from stepsmith.sandbox.executable import RunOutcome

LIMITS = Limits(time_s=1, memory_mb=100, output_mb=1)


def outcome(**changes: object) -> RunOutcome:
    fields: dict[str, object] = {
        "exit_code": 0, "signal": None, "cpu_s": 0.1, "wall_s": 0.1, "peak_mb": 10.0, "image_mb": 0.0, "end": "",
        "stdout": b"", "too_much": False, "stderr": b"", "result": b"",
    }  # fmt: skip
    return RunOutcome(**(fields | changes))  # type: ignore[arg-type]


TABLE = [
    ({}, None),
    ({"exit_code": 1}, "RTE"),
    ({"exit_code": None, "signal": 11}, "RTE"),
    ({"exit_code": None, "signal": 11, "peak_mb": 95.0}, "MLE"),
    ({"exit_code": None, "signal": 11, "image_mb": 500.0}, "MLE"),
    ({"exit_code": None, "signal": 9, "peak_mb": 99.0}, "MLE"),
    ({"exit_code": None, "signal": 9}, "RTE"),
    (
        {
            "exit_code": None,
            "signal": 6,
            "stderr": b"terminate called after throwing an instance of 'std::bad_alloc'\n",
        },
        "MLE",
    ),
    ({"exit_code": None, "signal": 6}, "RTE"),
    ({"exit_code": 1, "stderr": b"Traceback...\nMemoryError\n"}, "MLE"),
    ({"exit_code": 1, "stderr": b"MemoryError\nValueError: no\n"}, "RTE"),
    ({"exit_code": 0, "peak_mb": 101.0}, "MLE"),
    ({"exit_code": 0, "cpu_s": 1.1}, "TLE"),
    ({"exit_code": None, "signal": 9, "end": "cpu", "cpu_s": 1.3}, "TLE"),
    ({"exit_code": None, "signal": 9, "end": "wall", "wall_s": 7.0}, "TLE"),
    ({"exit_code": None, "signal": signal.SIGXCPU, "cpu_s": 0.9}, "TLE"),
    ({"exit_code": None, "signal": signal.SIGXFSZ}, "OLE"),
    ({"exit_code": 0, "too_much": True}, "OLE"),
    ({"exit_code": 0, "image_mb": 500.0}, None),  # large, but it fitted
]


@pytest.mark.parametrize(("changes", "verdict"), TABLE)
def test_facts_to_verdicts(changes: dict[str, object], verdict: str | None) -> None:
    failed = failure(outcome(**changes), LIMITS)
    assert (failed and failed[0]) == verdict


outcomes = st.builds(
    RunOutcome,
    exit_code=st.none() | st.integers(0, 255), signal=st.none() | st.integers(1, 64),
    cpu_s=st.floats(0, 3), wall_s=st.floats(0, 9), peak_mb=st.floats(0, 300), image_mb=st.floats(0, 300),
    end=st.sampled_from(["", "cpu", "wall"]), stdout=st.just(b""), too_much=st.booleans(),
    stderr=st.sampled_from([b"", b"MemoryError"]), result=st.just(b""),
)  # fmt: skip


@given(outcomes)
def test_only_a_normal_end_within_all_limits_is_no_failure(run: RunOutcome) -> None:
    failed = failure(run, LIMITS)
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
    limits = run_limits(Limits(time_s=time_s))
    assert limits.cpu_s > time_s
    assert limits.wall_s >= 2 * limits.cpu_s  # a program that only computes is never stopped for wall time
    assert run_limits(Limits(time_s=time_s, wall_s=3)).wall_s == 3
