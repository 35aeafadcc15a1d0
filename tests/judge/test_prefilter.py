"""The pre-filter makes rejecting cheaper and changes no verdict."""

import pytest

from stepsmith.core.records import Contract, Limits, Solution, TestCase
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.prefilter import SHARED

STDIO = Contract(interface="stdio", limits=Limits(time_s=1))
FUNCTION = Contract(interface="function", entry_point="f")


def cases(*numbers: int) -> list[TestCase]:
    return [TestCase(input=f"{n}\n", output=f"{2 * n}\n") for n in numbers]


PREFILTERED = {
    "print(2 * int(input()))": ["AC"] * 6,
    "n = int(input())\nprint(2 * n if n != 3 else 0)": ["AC"] * 3 + ["WA"],
    "n = int(input())\nprint(2 * n if n != 3 else 1 / 0)": ["AC"] * 3 + ["RTE"],
    "import os\nprint(2 * int(os.read(0, 9)))": ["AC"] * 6,
    "import builtins\nn = int(input())\nbuiltins.k = getattr(builtins, 'k', 0) + 1\nprint(2 * n + builtins.k - 1)": [
        "AC"
    ]
    * 6,
    "n = int(input())\nimport sys\nsys.stdout.write(str(2 * n)); sys.exit()": ["AC"] * 6,
    "import os\nos._exit(0)": ["WA"],
    "print(": [],
}


@pytest.mark.parametrize(("code", "verdicts"), PREFILTERED.items(), ids=range(len(PREFILTERED)))
def test_the_prefilter_changes_no_verdict(judge: LocalJudge, code: str, verdicts: list[str]) -> None:
    solution = Solution(language="python", code=code)
    strict = judge.judge(solution, STDIO, cases(*range(6)), stop_at_first_failure=True)
    with LocalJudge(prefilter=True) as fast:
        judgement = fast.judge(solution, STDIO, cases(*range(6)), stop_at_first_failure=True)
    assert [result.verdict for result in judgement.tests] == verdicts
    assert judgement.verdict is strict.verdict
    trusted = [result for result in judgement.tests if result.message == SHARED]
    assert len(trusted) == (len(verdicts) - 1 if 0 < len(verdicts) < 6 else 0)


def test_the_prefilter_on_functions(judge: LocalJudge) -> None:
    solution = Solution(language="python", code="def f(n): return 2 * n if n < 4 else None")
    cases = [TestCase(input=f"({n},)", output=f"{2 * n}") for n in range(6)]
    with LocalJudge(prefilter=True) as fast:
        judgement = fast.judge(solution, FUNCTION, cases, stop_at_first_failure=True)
    assert [result.verdict for result in judgement.tests] == ["AC"] * 4 + ["WA"]


TOGETHER = {  # a program, and its outputs on 0 to 5; None where it fails
    "print(2 * int(input()))": ["0\n", "2\n", "4\n", "6\n", "8\n", "10\n"],
    "n = int(input())\nprint(1 // (3 - n))": ["0\n", "0\n", "1\n", None, "-1\n", "-1\n"],
    "n = int(input())\nwhile n == 1: pass\nprint(n)": ["0\n", None, "2\n", "3\n", "4\n", "5\n"],
    "1 / 0": [None] * 6,
    "print(": [None] * 6,
}


@pytest.mark.parametrize(("code", "outputs"), TOGETHER.items(), ids=range(len(TOGETHER)))
def test_inputs_together_have_the_outputs_that_they_have_apart(code: str, outputs: list[str | None]) -> None:
    quick = Contract(interface="stdio", limits=Limits(time_s=0.4))
    with LocalJudge(together=True) as judge:
        runs = judge.execute(Solution(language="python", code=code), quick, [f"{n}\n" for n in range(6)])
    assert [run.output if run.verdict == "AC" else None for run in runs] == outputs


@pytest.mark.parametrize(("code", "outputs"), TOGETHER.items(), ids=range(len(TOGETHER)))
def test_tests_together_have_the_verdicts_that_they_have_apart(
    judge: LocalJudge, code: str, outputs: list[str | None]
) -> None:
    quick = Contract(interface="stdio", limits=Limits(time_s=0.4))
    solution = Solution(language="python", code=code)
    for wrong in (None, 0, 4):  # the test whose expected output is another
        tests = [TestCase(input=f"{n}\n", output="x" if n == wrong else text or "") for n, text in enumerate(outputs)]
        apart = judge.judge(solution, quick, tests, stop_at_first_failure=True)
        with LocalJudge(together=True) as fast:
            together = fast.judge(solution, quick, tests, stop_at_first_failure=True)
        assert [result.verdict for result in together.tests] == [result.verdict for result in apart.tests]
        assert together.verdict is apart.verdict


def test_a_judge_puts_inputs_together_only_if_it_is_told_to(judge: LocalJudge) -> None:
    code = "import builtins\nbuiltins.k = getattr(builtins, 'k', 0) + 1\nprint(builtins.k)"
    solution = Solution(language="python", code=code)
    assert [run.output for run in judge.execute(solution, STDIO, ["", "", ""])] == ["1\n"] * 3
    with LocalJudge(together=True) as fast:
        assert [run.output for run in fast.execute(solution, STDIO, ["", "", ""])] == ["1\n", "2\n", "3\n"]
