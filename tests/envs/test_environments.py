"""Laws over all environments, on one hand-made artifact."""

import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Problem, Solution, TestCase, Verdict
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import DeductionTask
from stepsmith.envs.fuzzing import FuzzingTask
from stepsmith.envs.literals import canonical
from stepsmith.judge.protocol import Judge
from tests.records import a_problem

F = "def f(nums, k):\n    return sum(v for v in nums if v % k == 0)\n"
BUGGY = "def f(nums, k):\n    return sum(v for v in nums if v % k == 0 and v != 9)\n"
PRE = "def pre_test_f(nums, k):\n    return type(nums) is list and type(k) is int and 1 <= k <= 9 and len(nums) <= 5\n"
TEST = "def test_f(nums, k):\n    return f(nums, k) == sum(v for v in nums if not v % k)\n"
CONTRACT = Contract(interface="function", entry_point="f", checker=Checker(name="literal"))
CASES = tuple(
    TestCase(input=repr(case), output=repr(sum(v for v in case[0] if v % case[1] == 0)))
    for case in [([1, 2, 3, 4], 2), ([5, 10], 5), ([], 3), ([7], 2), ([9, 18, 1], 9)]
)
SHOWN = CASES[1]


def encoded(task: msgspec.Struct) -> str:
    return msgspec.json.encode(task).decode()


GOLDEN = Solution(language="python", code=F)
PROBLEMS: dict[str, Problem] = {
    "induction": a_problem(environment="induction", contract=CONTRACT, tests=CASES, golden=GOLDEN),
    "stdio": a_problem(
        environment="induction",
        contract=Contract(interface="stdio"),
        tests=tuple(TestCase(input=f"{n}\n", output=f"{n * n}\n") for n in (3, 4, 0, -7)),
        golden=Solution(language="python", code="print(int(input()) ** 2)\n"),
    ),
    "abduction": a_problem(
        environment="abduction",
        contract=CONTRACT,
        tests=(SHOWN,),
        golden=GOLDEN,
        task=encoded(AbductionTask(program=F, output=SHOWN.output)),
    ),
    "deduction": a_problem(
        environment="deduction",
        contract=CONTRACT,
        tests=(SHOWN,),
        golden=GOLDEN,
        task=encoded(DeductionTask(program=F, input=SHOWN.input)),
    ),
    "fuzzing": a_problem(
        environment="fuzzing",
        contract=CONTRACT,
        tests=CASES,
        golden=GOLDEN,
        task=encoded(FuzzingTask(program=BUGGY, pre_test_f=PRE, test_f=TEST)),
    ),
}
every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())


def test_every_environment_is_covered() -> None:
    assert {problem.environment for problem in PROBLEMS.values()} == set(ENVIRONMENTS)
    assert all(name == environment.name for name, environment in ENVIRONMENTS.items())


@every_problem
def test_the_golden_answer_is_ac_twice(problem: Problem, judge: Judge) -> None:
    environment = ENVIRONMENTS[problem.environment]
    answer = environment.golden(problem)
    verdicts = [environment.judge(judge, problem, answer).verdict for _ in range(2)]
    assert verdicts == [Verdict.AC, Verdict.AC]


@every_problem
def test_no_baseline_is_ac(problem: Problem, judge: Judge) -> None:
    environment = ENVIRONMENTS[problem.environment]
    baselines = environment.baselines(problem)
    assert {"empty"} <= set(baselines) or problem.environment == "deduction"
    for name, answer in baselines.items():
        judgement = environment.judge(judge, problem, answer)
        assert judgement.verdict not in (Verdict.AC, Verdict.IE), f"{name} is {judgement.verdict}"


@every_problem
def test_what_is_written_is_parsed_back(problem: Problem) -> None:
    environment = ENVIRONMENTS[problem.environment]
    answer = environment.golden(problem)
    reply = environment.write(answer)
    assert environment.parse(problem, reply) == answer
    noisy = f"<think>\n```python\nwrong\n```\n</think>\nFirst try:\n```python\n(0, 0)\n```\nBetter:\n{reply}\nDone."
    assert environment.parse(problem, noisy) == answer


@every_problem
@pytest.mark.parametrize("reply", ["", "I do not know", "```python\nunfinished"])
def test_no_answer_is_none(problem: Problem, reply: str) -> None:
    assert ENVIRONMENTS[problem.environment].parse(problem, reply) is None


@every_problem
def test_the_prompt_shows_what_is_needed_and_hides_what_is_not(problem: Problem) -> None:
    prompt = ENVIRONMENTS[problem.environment].render(problem)
    assert "code block" in prompt
    if problem.environment == "induction":
        assert problem.statement.strip() in prompt
        assert problem.golden.code not in prompt
    if problem.environment == "abduction":
        assert F in prompt
        assert SHOWN.output in prompt
        assert SHOWN.input not in prompt
    if problem.environment == "deduction":
        assert F in prompt
        assert "f([5, 10], 5)" in prompt
        assert f"```python\n{SHOWN.output}\n" not in prompt
    if problem.environment == "fuzzing":
        assert all(part.strip() in prompt for part in (BUGGY, PRE, TEST))
        assert F not in prompt


def test_abduction_accepts_any_preimage(judge: Judge) -> None:
    problem, environment = PROBLEMS["abduction"], ENVIRONMENTS["abduction"]
    verdicts = {
        text: environment.judge(judge, problem, Answer(text=text)).verdict
        for text in ["([15], 5)", "([14, 1], 1)", "([15], 0)", "('x', 1)", "([15], 4)", "([15],)"]
    }
    assert [text for text, verdict in verdicts.items() if verdict is Verdict.AC] == ["([15], 5)", "([14, 1], 1)"]
    assert Verdict.IE not in verdicts.values()


def test_fuzzing_wants_form_and_failure(judge: Judge) -> None:
    problem, environment = PROBLEMS["fuzzing"], ENVIRONMENTS["fuzzing"]
    for text, verdict in {
        "([9], 3)": Verdict.AC,
        "([9, 9, 9, 9, 9, 9], 3)": Verdict.WA,  # ill-formed: too long
        "([9], 0)": Verdict.WA,  # ill-formed
        "([8], 3)": Verdict.WA,  # the property holds
    }.items():
        assert environment.judge(judge, problem, Answer(text=text)).verdict is verdict


def test_deduction_compares_values_not_text(judge: Judge) -> None:
    problem, environment = PROBLEMS["deduction"], ENVIRONMENTS["deduction"]
    assert environment.judge(judge, problem, Answer(text="15.0")).verdict is Verdict.AC
    assert environment.judge(judge, problem, Answer(text="'15'")).verdict is Verdict.WA


@pytest.mark.parametrize("text", ["__import__('os')", "f(1)", "x", "[" * 5000, "1 +", ""])
def test_only_literals_are_answers(text: str) -> None:
    assert canonical(text) is None


LONG = "7" * 5001
DOUBLE = "1" + "5" * 5000 + "4"
TWICE = "def f(n, k):\n    return n * k\n"
LONG_PROBLEMS: dict[str, Problem] = {
    name: a_problem(
        environment=environment,
        contract=CONTRACT,
        tests=(TestCase(input=f"({LONG}, 2)", output=DOUBLE),),
        golden=Solution(language="python", code=TWICE),
        task=encoded(task) if task else "",
    )
    for name, environment, task in (
        ("induction", "induction", None),
        ("abduction", "abduction", AbductionTask(program=TWICE, output=DOUBLE)),
        ("deduction", "deduction", DeductionTask(program=TWICE, input=f"({LONG}, 2)")),
        (
            "fuzzing",
            "fuzzing",
            FuzzingTask(
                program="def f(n, k):\n    return n * k if n < 1 << 9999 else 0\n",
                pre_test_f="def pre_test_f(n, k):\n    return type(n) is int and k == 2\n",
                test_f="def test_f(n, k):\n    return f(n, k) == n * k\n",
            ),
        ),
    )
}


def test_every_environment_has_a_problem_of_long_integers() -> None:
    assert {problem.environment for problem in LONG_PROBLEMS.values()} == set(ENVIRONMENTS)


@pytest.mark.parametrize("problem", LONG_PROBLEMS.values(), ids=LONG_PROBLEMS.keys())
def test_integers_have_any_length(problem: Problem, judge: Judge) -> None:
    """CPython converts no more than 4,300 digits: what we cannot read is never the answer's fault."""
    environment = ENVIRONMENTS[problem.environment]
    answer = environment.golden(problem)
    assert environment.judge(judge, problem, answer).verdict is Verdict.AC
    assert environment.parse(problem, environment.write(answer)) == answer
    if problem.environment != "induction":
        for reply in (f"Answer: `{answer.text}`", f"So it is\n\n```\n{answer.text}\n```\n"):
            assert environment.parse(problem, reply) == answer
        small = "4" if problem.environment == "deduction" else "(7, 2)"
        assert environment.judge(judge, problem, Answer(text=small)).verdict is Verdict.WA
    if problem.environment in ("abduction", "deduction"):
        assert (DOUBLE if problem.environment == "abduction" else LONG) in environment.render(problem)
