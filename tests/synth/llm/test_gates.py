"""The gates of a teacher's reply, with a real judge: what they find, and what they tell the author."""

import random

import msgspec
import pytest

from stepsmith.core.records import Environment, Limits, TestCase, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.llm.draft import CONTRACT, LLMDraft
from tests.synth.llm.test_reply import reply
from tests.synth.llm.test_teacher import (
    CODE,
    FUZZING_CODE,
    FUZZING_INPUTS,
    INPUTS,
    MESSAGE,
    PLACE,
    SEED,
    Listed,
    good,
    propose,
    teacher,
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (good(code="import time\ndef f(xs, k=2):\n    return [time.time_ns()]"), "non-deterministic"),
        (good(code="def f(xs, k=2):\n    return xs[1]"), "invalid-input"),
        (good(message=MESSAGE + "\n~~~\nsorted(xs)\n~~~"), "message-leaks-code"),
        (good(message="As before. " + MESSAGE), "message-not-alone"),
    ],
)
def test_faults_that_need_no_student(judge: LocalJudge, answer: str, reason: str) -> None:
    draft = propose(judge, answer, answer)
    assert draft.fault is not None
    assert draft.fault.reason == reason
    problem = draft.write([], draft.program, PLACE)
    assert problem.golden.code in answer  # what there is, is kept
    assert problem.statement.startswith(draft.reply.message[:9] if draft.reply else "?")


@pytest.mark.parametrize(
    ("answer", "environment", "words"),
    [
        (good(code="def f(xs, k=2):\n    return xs[1]"), "induction",
         "fails on input 4, f([], 5): it ends with RTE, IndexError: list index out of range in line 2, `return xs[1]`"),
        (good(message=f"{MESSAGE} It is sorted(x * k for x in xs)[1:] then."), "induction", "it repeats the program"),
        (good(message="As before. " + MESSAGE), "induction", "'As before'"),
        (good(code="import time\ndef f(xs, k=2):\n    return time.time_ns()"), "deduction", "f([1, 2], 3): it gives"),
        (good(FUZZING_CODE.replace("xs[:2]", "xs[:1]"), FUZZING_INPUTS), "fuzzing", "f([7, 1, 2]) gives [1, 2, 7]"),
        (good(FUZZING_CODE.replace("isinstance(xs, list)", "len(xs) < 3"), FUZZING_INPUTS), "fuzzing",
         "pre_test_f does not return True for input 5, f([7, 1, 2])"),
        (good(CODE + "\n\ndef pre_test_f(xs, k=2):\n    return len(xs) > 0"), "induction",
         "pre_test_f does not return True for input 4, f([], 5), one of your own inputs"),
    ],
)  # fmt: skip
def test_a_fault_at_a_gate_is_sent_back_once_with_the_detail(
    judge: LocalJudge, answer: str, environment: Environment, words: str
) -> None:
    mended = good(FUZZING_CODE, FUZZING_INPUTS) if environment == "fuzzing" else good()
    llm = Listed(answer, mended)
    draft = teacher(judge, llm).propose(SEED, environment, random.Random(1))
    assert isinstance(draft, LLMDraft)
    assert draft.fault is None
    assert draft.reply is not None
    assert draft.reply.message == MESSAGE
    assert llm.purposes == ["propose", "propose, repair"]
    assert words in llm.asked[1][-1].content
    kept = propose(judge, answer, answer, environment=environment)
    assert kept.fault is not None, "the same fault again is not sent back again"
    assert kept.executions >= draft.executions - 10


@pytest.mark.parametrize("environment", ["abduction", "deduction"])
@pytest.mark.parametrize("message", [None, "As before.", "def f(xs): return sorted(xs)[1:]"])
def test_a_message_that_no_student_sees_is_not_paid_for_again(
    judge: LocalJudge, environment: Environment, message: str | None
) -> None:
    draft = propose(judge, reply(CODE, INPUTS, message), environment=environment)
    assert draft.fault is None
    tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
    problem = draft.write(tests, draft.program, PLACE)
    assert problem.title
    assert draft.derive(problem, (), random.Random(4)) is not None


def test_a_program_that_never_ends_is_run_once(judge: LocalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = msgspec.structs.replace(CONTRACT, limits=Limits(time_s=0.1))
    monkeypatch.setattr("stepsmith.synth.llm.gates.CONTRACT", hurried)
    endless = good(code="def f(xs, k=2):\n    while True:\n        pass")
    draft = propose(judge, endless, endless)
    assert draft.fault is not None
    assert "TLE" in draft.fault.detail
    assert draft.executions == 2  # once for each reply


def fuzzing_inputs(*texts: str) -> tuple[str, ...]:
    return (*texts, "[]", "[1]", "[2, 2]", "[3, 5]", "[7, 1, 2]")[:5]


@pytest.mark.parametrize(
    ("code", "inputs", "reason"),
    [
        (FUZZING_CODE, fuzzing_inputs(), ""),
        (FUZZING_CODE.replace("xs[:2]", "xs[:1]"), fuzzing_inputs(), "no-counterexample"),
        (FUZZING_CODE.replace("== sorted(xs)", "!= sorted(f(xs))"), fuzzing_inputs(), "property-never-holds"),
        (FUZZING_CODE.replace("isinstance(xs, list)", "len(xs) < 3"), fuzzing_inputs(), "invalid-input"),
    ],
)
def test_fuzzing_wants_a_mistake_that_shows_on_some_inputs(
    judge: LocalJudge, code: str, inputs: tuple[str, ...], reason: str
) -> None:
    draft = propose(judge, *[good(code, inputs)] * 2, environment="fuzzing")
    assert (draft.fault.reason if draft.fault else "") == reason
    if not reason:
        tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
        problem = draft.derive(draft.write(tests, draft.program, PLACE), (), random.Random(1))
        assert problem is not None
        environment = ENVIRONMENTS["fuzzing"]
        assert environment.judge(judge, problem, environment.golden(problem)).verdict is Verdict.AC
        assert "has a mistake" in environment.render(problem)
