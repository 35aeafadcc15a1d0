"""Calls and answers survive the way to a server and back, odd texts and bytes included."""

import msgspec
import pytest

from stepsmith.cluster.fleet.calls import (
    AgreeCall,
    Call,
    CallAnswer,
    ExecuteCall,
    JudgeCall,
    RunCall,
    answer_call,
    decode,
    encode,
)
from stepsmith.core.errors import CaseError, CheckerError, MachineError, SandboxError
from stepsmith.core.records import Checker, Contract, Execution, Judgement, Limits, Solution, TestCase, Verdict
from stepsmith.judge.program import Program, ProgramRun
from tests.serve.conftest import ScriptedJudge

STDIO = Contract(interface="stdio", checker=Checker(name="custom-kattis", files=(("check.py", "\udcff = 1"),)))
PROGRAM = Program(
    language="cpp", sources=(("main.cpp", "int main(){}"), ("a/b.h", "")), args=("-x", "é"), stdin=b"\xff\x00",
    files=(("in.txt", "text\udc80"), ("data", b"\xfe"), ("out/", "")), collect=("out/",), limits=Limits(time_s=3.5),
)  # fmt: skip
ODD = "caf\udce9 \U0001f600 \x00"


@pytest.mark.parametrize(
    "call",
    [
        JudgeCall(
            solution=Solution(language="python", code=ODD), contract=STDIO,
            tests=(TestCase(input=ODD, output="", kind="stress", weight=4.0),), stop_at_first_failure=True,
        ),
        ExecuteCall(solution=Solution(language="java", code="x"), contract=STDIO, inputs=("", ODD)),
        AgreeCall(contract=STDIO, input_text="1", expected=ODD, actual="\ud800"),
        RunCall.of(PROGRAM),
    ],
    ids=lambda call: type(call).__name__,
)  # fmt: skip
def test_a_call_arrives_as_it_was_sent(call: Call) -> None:
    assert decode(encode(call), Call) == call


def test_a_program_is_the_same_again() -> None:
    assert decode(encode(RunCall.of(PROGRAM)), Call).program == PROGRAM


@pytest.mark.parametrize(
    "answer",
    [
        CallAnswer(judgement=Judgement(verdict=Verdict.WA, isolation="L3")),
        CallAnswer(executions=(Execution(verdict=Verdict.AC, output=ODD), Execution(verdict=Verdict.TLE))),
        CallAnswer(agrees=False),
        CallAnswer(run=ProgramRun(verdict=Verdict.RTE, stdout=ODD, files=(("a", b"\xff"),), exit_code=3)),
        CallAnswer(error="CaseError", message="no tests"),
    ],
)
def test_an_answer_arrives_as_it_was_sent(answer: CallAnswer) -> None:
    assert decode(encode(answer), CallAnswer) == answer


@pytest.mark.parametrize("kind", [CaseError, MachineError, CheckerError, SandboxError])
def test_an_error_of_the_judge_is_raised_by_the_client(kind: type[Exception]) -> None:
    class Failing(ScriptedJudge):
        def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
            raise kind("the reason")

    found = answer_call(Failing(), AgreeCall(contract=STDIO, input_text="", expected="", actual=""))
    assert found.failed == issubclass(kind, SandboxError)
    with pytest.raises(kind, match="the reason"):
        found.raise_error()


def test_only_failures_of_our_own_are_failures() -> None:
    assert not CallAnswer(judgement=Judgement(verdict=Verdict.WA)).failed
    assert CallAnswer(judgement=Judgement(verdict=Verdict.IE)).failed
    assert CallAnswer(executions=(Execution(verdict=Verdict.AC), Execution(verdict=Verdict.IE))).failed
    assert CallAnswer(run=ProgramRun(verdict=Verdict.IE)).failed


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x81\xa4type\xa5other", encode({"type": "agree"}), b"\x91" * 5000])
def test_what_is_no_call_is_refused(data: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        decode(data, Call)


def test_an_unknown_extension_type_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(msgspec.msgpack.encode(msgspec.msgpack.Ext(7, b"x")), Call)
