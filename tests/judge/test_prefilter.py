"""The pre-filter makes rejecting cheaper and changes no verdict."""

import pytest

from stepsmith.core.records import Contract, Limits, Solution, TestCase
from stepsmith.judge.local import SHARED, LocalJudge

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
