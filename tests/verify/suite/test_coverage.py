from stepsmith.core.records import Checker, Contract, Limits, Solution
from stepsmith.verify.suite.coverage import branch_coverage, probe

FUNCTION = Contract(interface="function", entry_point="f", checker=Checker(name="literal"), limits=Limits(time_s=1.0))
STDIO = Contract(interface="stdio", limits=Limits(time_s=1.0))


def _python(code):
    return Solution(language="python", code=code)


def test_branches_of_a_function(local_judge):
    code = "def f(x):\n    if x > 2:\n        return [v for v in range(x) if v % 2]\n    return 0 if x else 1\n"
    half = branch_coverage(local_judge, FUNCTION, _python(code), ["(3,)"])
    assert (half.branches, half.taken, half.missed_lines) == (6, 3, (2, 4))
    full = branch_coverage(local_judge, FUNCTION, _python(code), ["(3,)", "(0,)", "(1,)"])
    assert full.rate == 1.0


def test_branches_of_methods_recursion_and_crashes(local_judge):
    code = (
        "class Solution:\n    def __grow(self, n):\n        if n < 0:\n            raise ValueError\n"
        "        return 1 if n == 0 else n * self.__grow(n - 1)\n    def f(self, n):\n        return self.__grow(n)\n"
    )
    for entry_point in ("Solution.f", "f"):
        contract = Contract(interface="function", entry_point=entry_point)
        assert branch_coverage(local_judge, contract, _python(code), ["(3,)"]).taken == 3
        assert branch_coverage(local_judge, contract, _python(code), ["(3,)", "(-1,)"]).taken == 4


def test_branches_of_a_whole_program(local_judge):
    code = (
        "from __future__ import annotations\nimport sys\ndef main():\n    n = int(sys.stdin.readline())\n"
        "    for i in range(n):\n        print(i)\n    if n > 3:\n        sys.exit(0)\n"
        "    sys.stdout.buffer.write(b'end')\nif __name__ == '__main__':\n    main()\n"
    )
    coverage = branch_coverage(local_judge, STDIO, _python(code), ["2\n"])
    assert (coverage.branches, coverage.taken) == (6, 4)
    assert branch_coverage(local_judge, STDIO, _python(code), ["2\n", "5\n", "0\n"]).taken == 5  # __name__ is fixed


def test_a_loop_that_is_left_early_is_not_exhausted(local_judge):
    code = (
        "def f(n):\n    for i in range(n):\n        if i == 2:\n            break\n"
        "    while n > 0:\n        n -= 1\n    return n\n"
    )
    assert branch_coverage(local_judge, FUNCTION, _python(code), ["(5,)"]).missed_lines == (2,)


def test_what_has_no_probes():
    assert branch_coverage(None, FUNCTION, Solution(language="cpp", code="int main() {}"), []) is None
    assert branch_coverage(None, FUNCTION, _python("def f(:"), []) is None
    assert probe("while True:\n    break\n", STDIO)[1] == []
