"""Why attempts failed: in every environment, with a real judge, in words that say what was right."""

import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Limits, Problem, TestCase
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import DeductionTask
from stepsmith.envs.fuzzing import FuzzingTask
from stepsmith.judge.local import LocalJudge
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.explanation import explain
from stepsmith.scoring.scorer import Scorer
from tests.records import a_problem

PROGRAM = "def f(x, y):\n    return [x + y, x]\n"
LITERAL = Checker(name="literal")
INPUT, OUTPUT = "(3, 4)", "[7, 3]"
SUM = a_problem(
    contract=Contract(interface="function", entry_point="even_sum", limits=Limits(time_s=0.5), checker=LITERAL)
)
STDIO = a_problem(contract=Contract(interface="stdio"), tests=(TestCase(input="1 2\n", output="3\n7\n"),), examples=())


def valued(environment: str, task: msgspec.Struct) -> Problem:
    return a_problem(
        environment=environment,
        contract=Contract(interface="function", entry_point="f", checker=LITERAL),
        task=msgspec.json.encode(task).decode(),
        tests=(TestCase(input=INPUT, output=OUTPUT),),
        examples=(),
    )


DEDUCTION = valued("deduction", DeductionTask(program=PROGRAM, input=INPUT))
ABDUCTION = valued("abduction", AbductionTask(program=PROGRAM, output=OUTPUT))
FUZZING = valued(
    "fuzzing",
    FuzzingTask(
        program=PROGRAM,
        pre_test_f="def pre_test_f(x, y):\n    return x >= 0\n",
        test_f="def test_f(x, y):\n    return f(x, y)[0] >= y\n",
    ),
)


def block(code: str) -> Completion:
    return Completion(text=f"```python\n{code}\n```")


def summed(body: str) -> Completion:
    return block(f"def even_sum(nums):\n    {body}")


@pytest.mark.parametrize(
    ("problem", "completion", "why"),
    [
        (SUM, summed("return sum(nums)"), "returned 3 where 2 is right on input 1, even_sum([1, 2])"),
        (SUM, summed("return sum(v for v in nums if v % 2 == 0) if nums else nums[0]"),
         "failed with IndexError: list index out of range on input 5, even_sum([])"),
        (SUM, summed("while True: pass"), "took more than 0.5 s on input 1, even_sum([1, 2])"),
        (SUM, summed("return [2]"), "returned [2] where 2 is right on input 1, even_sum([1, 2])"),
        (STDIO, block("input()\nprint(3)\nprint(8)"),
         r"printed something else than '3\n7' on input 1, '1 2\n' (line 2, token 2: expected '7', got '8')"),
        (SUM, block("def even_sum(:"), "does not compile: SyntaxError: invalid syntax"),
        (SUM, Completion(text="I cannot."), "no readable program"),
        (SUM, Completion(text="```python\ndef", truncated=True, limit=4096), "cut off at 4,096 tokens"),
        (SUM, Completion(text="```python\ndef", truncated=True), "cut off at the limit of tokens"),
        (DEDUCTION, block("[7, 4]"), "answered [7, 4] where [7, 3] is right, for f(3, 4)"),
        (DEDUCTION, Completion(text="Hm."), "no readable value"),
        (ABDUCTION, block("4, 3"), "answered f(4, 3), but the program returns [7, 4] on it"),
        (ABDUCTION, block("'a', 3"), "answered f('a', 3), but the program ends with RTE on it"),
        (ABDUCTION, Completion(text="Hm."), "no readable arguments"),
        (FUZZING, block("1, 2"), "answered f(1, 2), for which test_f returns True"),
        (FUZZING, block("-1, 2"), "answered f(-1, 2), for which pre_test_f does not return True"),
    ],
)  # fmt: skip
def test_a_failure_says_what_was_right(judge: LocalJudge, problem: Problem, completion: Completion, why: str) -> None:
    (scored,) = Scorer(judge).score(problem, [completion])
    assert explain(problem, completion, scored) == why


def test_what_is_right_needs_no_explanation(judge: LocalJudge) -> None:
    right = block(a_problem().golden.code)
    (scored,) = Scorer(judge).score(a_problem(), [right])
    assert explain(a_problem(), right, scored) == ""


def test_long_inputs_are_cut_and_addresses_left_out(judge: LocalJudge) -> None:
    long = a_problem(tests=(TestCase(input=repr((list(range(500)),)), output="62250"),), examples=())
    wrong = summed("raise ValueError(f'bad {object()}')")
    (scored,) = Scorer(judge).score(long, [wrong])
    why = explain(long, wrong, scored)
    assert why.startswith("failed with ValueError: bad <object object at 0x…> on input 1, even_sum([0, 1, 2,")
    assert why.endswith("… (2,400 characters)")
