"""Records that tests share."""

from stepsmith.core.records import (
    Checker,
    Contract,
    Example,
    FeatureUse,
    Limits,
    Lineage,
    Problem,
    Solution,
    TestCase,
    WrongSolution,
)
from stepsmith.core.stats import pass_rate


def a_problem(**changes: object) -> Problem:
    """A complete little function problem: the sum of the even elements."""
    fields: dict[str, object] = {
        "environment": "induction",
        "style": "leetcode",
        "title": "Even Sum",
        "statement": "Return the sum of the even elements of nums.\n\n"
        "Input: nums = [1, 2]\nOutput: 2\n\nInput: nums = [4]\nOutput: 4\n",
        "contract": Contract(
            interface="function", entry_point="even_sum", limits=Limits(time_s=2.0), checker=Checker(name="literal")
        ),
        "starter_code": "def even_sum(nums: list[int]) -> int:\n",
        "task": "{}",
        "features": (
            FeatureUse(name="evens", category="array/filter", params=(("k", 2),), seed_lines=(3, 4), signal="modulo"),
        ),
        "tests": tuple(
            TestCase(input=f"({values!r},)", output=repr(sum(v for v in values if v % 2 == 0)), kind="nominal")
            for values in ([1, 2], [4], [6, 8, 1], [2, 2, 2], [], [5, 10], [-2, 3])
        ),
        "golden": Solution(
            language="python", code="def even_sum(nums):\n    return sum(v for v in nums if v % 2 == 0)\n"
        ),
        "lineage": Lineage(
            chain_id="chain_1", turn=1, parent_id=None, change="", direction="new", seed_ref="json/decoder.py:10-40"
        ),
        "examples": (Example(input="([1, 2],)", output="2"), Example(input="([4],)", output="4")),
        "wrong": (
            WrongSolution(
                solution=Solution(language="python", code="def even_sum(nums):\n    return sum(nums)\n"),
                killed_by=0,
                origin="sums everything",
            ),
        ),
        "pass_rate": pass_rate(16, 32),
        "provenance": (("method", "dual-verification"),),
    }
    return Problem(**(fields | changes))  # type: ignore[arg-type]
