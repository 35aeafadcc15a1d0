"""What verl's ``math_dapo`` takes for right at the end of a reply. The original agrees on all of these."""

import pytest

from stepsmith.benchmarks.rules.dapo import reply_right

RIGHT = [
    ("so\nAnswer: 7", "7"),
    ("answer :  5\nAnswer: $x = 7$", "7"),
    ("Answer: an 1,000 dollars", "1000"),
    ("Answer: \\frac12", "\\frac{1}{2}"),
    ("Answer: \\text{7} cm", "7"),
    ("Answer: \\boxed{7}", "7"),
    ("so \\boxed{7}", "7"),
]
WRONG = [
    ("so\nAnswer: 7.", "7"),  # the full stop stays
    ("Answer: \\boxed{7} \\boxed{8}", "8"),
    ("Answer: 8 \\boxed{7}", "7"),  # a box counts only where nothing is stated
    ("\\boxed{\\frac12}", "\\frac{1}{2}"),  # and has no normal form
    ("\\boxed{7}" + " " * 95, "7"),
    ("Answer: 7" + " " * 300, "7"),
    ("\\boxed{7", "7"),
    ("7", "7"),
    ("", "7"),
]


@pytest.mark.parametrize(("reply", "expected"), RIGHT)
def test_right_answers(reply: str, expected: str) -> None:
    assert reply_right(reply, expected)


@pytest.mark.parametrize(("reply", "expected"), WRONG)
def test_wrong_answers(reply: str, expected: str) -> None:
    assert not reply_right(reply, expected)
