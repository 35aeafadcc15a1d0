import pytest

from stepsmith.core.records import Contract, Solution
from stepsmith.verify.formats.examples import find_examples, shared_docstring

STDIO = Contract(interface="stdio")


def _found(statement, entry_point="f", candidates=()):
    contract = Contract(interface="function", entry_point=entry_point)
    return [(e.input, e.output) for e in find_examples(statement, contract, candidates)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">>> f(1, 'a')\n[2]\n", [("(1, 'a')", "[2]")]),
        (">>> f([1,\n 2])\n3.5\n", [("([1, 2],)", "3.5")]),
        (">>> f([])\n[]\n>>> f([1])\n[1]\n", [("([],)", "[]"), ("([1],)", "[1]")]),
        ("f([1, 2]) == 3", [("([1, 2],)", "3")]),
        ("f(2) ➞ True and f(3) -> False", [("(2,)", "True"), ("(3,)", "False")]),
        ("f('x') ==> 'y'\nf('z')==>0", [("('x',)", "'y'"), ("('z',)", "0")]),
        ("f(\"Hi\") returns 'iH'", [("('Hi',)", "'iH'")]),
        ("f(4) should return 16.", [("(4,)", "16")]),
        ("f(4)  # returns 16", [("(4,)", "16")]),
        ("`f(4)` = `-1`", [("(4,)", "-1")]),
        ("assert f((1, 2), {'a': [3]}) == (1,)", [("((1, 2), {'a': [3]})", "(1,)")]),
        ("f(2) = 1 + (2 / 2) = 2", []),  # an expression, not a value
        ("f(3) = f(2) + f(1)", []),
        ("f(n) = 3", []),  # not a literal argument
        ("def f(x=1): return 2", []),
        ("self.f(3) is 4, g(3) == 4", []),
        ("f(3 is unbalanced == 4", []),
        ("f(10) is 3rd", []),
    ],
)
def test_calls_in_any_notation(text, expected):
    assert _found("Do something.\n" + text) == expected


def test_keyword_arguments_take_their_place():
    statement = "def f(a, b, c=0): ...\n>>> f(1, c=3, b=2)\n6\n>>> f(1, d=2)\n3"
    assert _found(statement) == [("(1, 2, 3)", "6")]


def test_input_and_output_lines():
    statement = """def f(nums, k): ...
    Example 1:
        Input: nums = [1, 2], k = 4
        Output: [[1], [2]]  # of course
    Example 2:
        Input: [3], 5
        Output: []
    """
    assert _found(statement) == [("([1, 2], 4)", "[[1], [2]]"), ("([3], 5)", "[]")]


def test_input_lines_need_no_signature():
    statement = "**Example 1:**\n\nInput: nums = [2, 6], k = 4\n\nOutput: 5\n"
    assert _found(statement) == [("([2, 6], 4)", "5")]
    assert _found("def f(nums): ...\n" + statement) == []  # two values for one parameter


def test_prose_that_sets_every_parameter():
    statement = "def f(lst): ...\nFor lst = [1,2,3] the output should be 6\nFor lst = [] the result is 0.\n"
    assert _found(statement) == [("([1, 2, 3],)", "6"), ("([],)", "0")]


def test_an_example_under_another_name_counts_if_its_arity_fits():
    assert _found("def f(a, b): ...\n  add(2, 3) ==> 5\n  g(1) ==> 2") == [("(2, 3)", "5")]


def test_methods_are_known_by_their_last_name():
    assert _found("grow(3) == 4", entry_point="Solution.grow") == [("(3,)", "4")]


def test_the_docstring_that_candidates_share_stands_in_for_a_missing_statement():
    with_example = 'def f(x):\n    """Double.\n\n    >>> f(2)\n    4\n    """\n    return {}\n'
    candidates = [Solution(language="python", code=with_example.format(body)) for body in ("2 * x", "x + x")]
    odd = Solution(language="python", code='def f(x):\n    """Other."""\n    return 0\n')
    broken = Solution(language="python", code="def f(:")
    assert _found("", candidates=[*candidates, odd, broken]) == [("(2,)", "4")]
    assert _found("Triple.\n>>> f(2)\n6\n", candidates=candidates) == [("(2,)", "6")]
    assert shared_docstring(Contract(interface="function", entry_point="f"), [odd, candidates[0], broken]) == ""


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (
            "LeetCode",
            "Example 1:\n\nInput: nums = [2, 7], target = 9\nOutput: true\nExplanation: 2 + 7 == 9.\n\n"
            "Example 2:\n\nInput: nums = [1, null], target = 5\nOutput: false\n\nConstraints:\n\n"
            "1 <= nums.length <= 10^4\n",
        ),
        (
            "LeetCode in bold",
            "**Example 1:**\n\n**Input:** nums = [2,7], target = 9\n**Output:** true\n\n"
            "**Example 2:**\n\n**Input:** nums = [1,null], target = 5\n**Output:** false\n",
        ),
        (
            "LeetCode in HTML",
            "<p><strong class=\"example\">Example 1:</strong></p>\n<pre>\n"
            "<strong>Input:</strong> nums = [2,7], target = 9\n"
            "<strong>Output:</strong> true\n</pre>\n<pre>\n<strong>Input:</strong> nums = [1,null], target = 5\n"
            "<strong>Output:</strong> false\n</pre>\n",
        ),
        ("Codewars in APPS", "```python\nf([2, 7], 9) => True\nf([1, None], 5) --> False\n```\n"),
        ("a docstring", ">>> f([2, 7], 9)\nTrue\n>>> f([1, None], 5)\nFalse\n"),
    ],
)  # fmt: skip
def test_function_examples_in_real_layouts(layout, text):
    expected = [("([2, 7], 9)", "True"), ("([1, None], 5)", "False")]
    assert _found("def f(nums, target): ...\nFind two.\n\n" + text) == expected, layout


def test_stdio_examples_are_the_sample_blocks():
    text = "Add.\n\nSample Input\n1 2\n\nSample Output\n3\n\nSample Input\n1 2\n\nSample Output\n3\n"
    assert [(e.input, e.output) for e in find_examples(text, STDIO)] == [("1 2\n", "3\n")]


def test_nothing_to_find():
    assert find_examples("", STDIO) == ()
    assert _found("No example here.") == []
    assert find_examples("", Contract(interface="function")) == ()
