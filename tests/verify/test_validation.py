import pytest

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Execution, Limits, Verdict
from stepsmith.judge.program import ProgramRun
from stepsmith.verify import validation
from stepsmith.verify.formats.problems import InputValidator, ValidationCase, VerifyProblem
from stepsmith.verify.validation import Validation, package_faults, validate

READ = "import sys\nn = int(sys.stdin.read())\n"
INPUTS = ["1\n", "5\n", "x\n"]


def _python(code, **fields):
    return InputValidator(language="python", code=code, **fields)


@pytest.mark.parametrize(
    ("validator", "valid"),
    [
        (_python(READ + "sys.exit(42 if n < 3 else 43)"), (True, False, False)),
        (_python(READ + "assert n < 3"), (True, False, False)),  # 0 accepts, too
        (_python(READ + "sys.exit(0)", accepts=(42,)), (False, False, False)),
        (_python("import r, sys\nsys.exit(r.code())", files={"r.py": "def code():\n    return 42\n"}), (True,) * 3),
        (_python("import sys\nassert sys.argv[1:] == ['a']", args=((), ("a",), ("b",))), (False, True, False)),
        (
            InputValidator(
                language="cpp",
                code='#include <cassert>\n#include "h.h"\nint main() { int n; assert(scanf("%d", &n) == 1 && n < 3); }',
                files={"h.h": "#include <cstdio>"},
            ),
            (True, False, False),
        ),
    ],
)  # fmt: skip
def test_programs_say_which_inputs_are_valid(local_judge, validator, valid):
    assert validate(local_judge, [validator], "stdio", INPUTS) == Validation(valid=valid, runs=3)


def test_all_validators_must_accept(local_judge):
    small, odd = _python(READ + "assert n < 5"), _python(READ + "assert n % 2 == 1")
    found = validate(local_judge, [small, odd], "stdio", ["1", "2", "5", "6"])
    assert (found.valid, found.runs) == ((True, False, False, False), 8)
    assert validate(local_judge, [], "stdio", INPUTS).valid == (True,) * 3


def test_a_function_takes_the_arguments_and_only_true_accepts(local_judge):
    validator = _python("def validate(x, y):\n    return x < y and (1 if y == 9 else True)\n")
    assert validate(local_judge, [validator], "function", ["(1, 2)", "(2, 1)", "(1, 9)"]).valid == (True, False, False)


@pytest.mark.parametrize(
    ("validator", "interface", "words"),
    [
        (_python("import sys\nsys.exit(42"), "stdio", "the validator does not compile"),
        (_python("1 // 0", name="v.py"), "stdio", "the validator v.py crashes on every input: ZeroDivisionError"),
        (_python("def validate(): return True"), "function", "crashes on every input"),
        (_python("def validate(x):"), "function", "does not compile"),
        (_python("def validate(x):\n    while True: pass"), "function", "does not end within its limits on input 0"),
        (_python("import os\nos.kill(os.getpid(), 11)"), "stdio", "is killed on input 0"),
        (_python("print('x' * (64 << 20))"), "stdio", "does not end within its limits on input 0"),
        (InputValidator(language="klingon", code="?"), "stdio", "unknown language 'klingon'"),
    ],
)
def test_a_validator_that_does_not_work_gives_no_verdict(local_judge, monkeypatch, validator, interface, words):
    monkeypatch.setattr(validation, "LIMITS", Limits(time_s=1.0))
    found = validate(local_judge, [validator], interface, ["(1,)", "(2,)"])
    assert found.valid == ()
    assert words in found.failure


def test_a_failed_assertion_on_every_input_is_a_rejection(local_judge):
    assert validate(local_judge, [_python("assert False, 'no'")], "stdio", INPUTS).valid == (False,) * 3


class Lost:
    def run_program(self, program):
        return ProgramRun(verdict=Verdict.IE, message="the worker is lost")

    def execute(self, solution, contract, inputs):
        return [Execution(verdict=Verdict.IE, message="the worker is lost")] * len(inputs)


@pytest.mark.parametrize("interface", ["stdio", "function"])
def test_our_own_failure_is_raised(interface):
    with pytest.raises(SandboxError, match="the worker is lost"):
        validate(Lost(), [_python("def validate(x): ...", name="v")], interface, INPUTS)


def test_faults_of_a_package(local_judge):
    cases = (
        ValidationCase(name="a", input="bad"),
        ValidationCase(name="b", input="good"),
        ValidationCase(
            name="c", input="1", answer="1.0", output="1.05", accepted=True, flags=("float_tolerance", "0.1")
        ),
        ValidationCase(name="d", input="1", answer="1.0", output="1.05", accepted=True),
        ValidationCase(name="e", input="1", answer="1.0", output="1.0", accepted=False),
    )
    problem = VerifyProblem(
        problem_id=1, interface="stdio", inputs=("x",), validation_cases=cases, validator=_python("pass")
    )
    assert package_faults(local_judge, problem, Validation(valid=(True, False, True))) == (
        "data/b: no input validator rejects it",
        "data/d: the output validator rejects it",
        "data/e: the output validator accepts it",
    )
