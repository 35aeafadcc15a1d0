"""Custom checkers: what their program is given, and what its exit codes mean. The goldens run real ones."""

import pytest

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Checker, Verdict
from stepsmith.judge.checkers import check_checker, run_custom
from stepsmith.judge.checkers.custom import checker_program
from stepsmith.judge.program import Program, ProgramRun

PYTHON = (("validate.py", "..."),)


class Runner:
    """Answers with what it was told, and remembers what it was asked."""

    def __init__(self, **run: object) -> None:
        self.answer = ProgramRun(**({"verdict": Verdict.AC} | run))
        self.asked: list[Program] = []

    def run_program(self, program: Program) -> ProgramRun:
        self.asked.append(program)
        return self.answer


def exited(code: int, **more: object) -> Runner:
    return Runner(verdict=Verdict.AC if code == 0 else Verdict.RTE, exit_code=code, **more)


def check(runner: Runner, name: str, flags: tuple[str, ...] = ()) -> bool:
    return run_custom(runner, Checker(name=name, flags=flags, files=PYTHON), "in", "ans", "out").ok


def test_a_kattis_validator_gets_input_answer_feedback_folder_flags_and_the_output_on_stdin() -> None:
    runner = exited(42)
    assert check(runner, "custom-kattis", ("max", "3"))
    (program,) = runner.asked
    assert program.args == ("input.txt", "answer.txt", "feedback/", "max", "3")
    assert program.stdin == "out"
    assert dict(program.files) == {"input.txt": "in", "answer.txt": "ans", "feedback/": ""}


def test_a_testlib_checker_gets_input_output_answer() -> None:
    runner = exited(0)
    assert check(runner, "custom-testlib")
    (program,) = runner.asked
    assert program.args == ("input.txt", "output.txt", "answer.txt")
    assert program.stdin == ""
    assert dict(program.files) == {"input.txt": "in", "output.txt": "out", "answer.txt": "ans"}


@pytest.mark.parametrize(("code", "ok"), [(42, True), (43, False)])
def test_kattis_decisions_carry_the_judge_message(code: int, ok: bool) -> None:
    runner = exited(code, files=(("feedback/judgemessage.txt", b"because\xff\n"),))
    result = run_custom(runner, Checker(name="custom-kattis", files=PYTHON), "", "", "")
    assert result.ok is ok
    assert result.message == "because\ufffd"


@pytest.mark.parametrize(("code", "ok"), [(0, True), (1, False), (2, False), (4, False), (7, False), (8, False)])
def test_testlib_decisions_carry_stderr(code: int, ok: bool) -> None:
    result = run_custom(exited(code, stderr="wrong answer\n"), Checker(name="custom-testlib", files=PYTHON), "", "", "")
    assert result.ok is ok
    assert result.message == "wrong answer"


@pytest.mark.parametrize("name", ["custom-kattis", "custom-testlib"])
@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ({"verdict": Verdict.RTE, "exit_code": 3, "stderr": "fail"}, "exit code 3"),
        ({"verdict": Verdict.RTE, "signal": 11}, "signal 11"),
        ({"verdict": Verdict.TLE, "signal": 9, "message": "too slow"}, "signal 9"),
        ({"verdict": Verdict.TLE, "exit_code": 42}, "exit code 42"),
        ({"verdict": Verdict.MLE, "exit_code": 0}, "exit code 0"),
        ({"verdict": Verdict.OLE, "exit_code": 43}, "exit code 43"),
        ({"verdict": Verdict.IE, "message": "the worker was lost"}, "the worker was lost"),
        ({"verdict": Verdict.CE, "compile_output": "line 1: no"}, "does not compile: line 1: no"),
    ],
)
def test_a_checker_that_does_not_decide_is_our_failure_and_never_a_wrong_answer(
    name: str, run: dict[str, object], reason: str
) -> None:
    with pytest.raises(SandboxError, match=reason):
        check(Runner(**run), name)


@pytest.mark.parametrize("code", [0, 1])
def test_kattis_knows_only_42_and_43(code: int) -> None:
    with pytest.raises(SandboxError, match="not 42 or 43"):
        check(exited(code), "custom-kattis")


def test_the_program_is_found_among_headers_and_helpers() -> None:
    def program(*names: str) -> tuple[str, list[str]]:
        language, files = checker_program(Checker(name="custom-kattis", files=tuple((name, "") for name in names)))
        return language, [name for name, _ in files]

    assert program("testlib.h", "check.cpp") == ("cpp", ["check.cpp", "testlib.h"])
    assert program("helper.py", "validate.py", "data.txt") == ("python", ["validate.py", "helper.py", "data.txt"])
    assert program("v/helper.py", "v/validate.py", "v/sub/x.py") == ("python", ["validate.py", "helper.py", "sub/x.py"])
    assert program("one.cc", "two.cc") == ("cpp", ["one.cc", "two.cc"])
    for names in [("testlib.h",), ("a.py", "b.cpp"), ()]:
        checker = Checker(name="custom-kattis", files=tuple((name, "") for name in names))
        with pytest.raises(CaseError, match="one language"):
            check_checker(checker, "stdio")
