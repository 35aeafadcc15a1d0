"""A message may hint; it may not give the program away or lean on what its reader has not seen."""

import pytest

from stepsmith.synth.llm.leakage import leaked_code, relies_on_unseen

CODE = '''def f(heights, k):
    """Report the heights of the tanks that can be reached with whole ladder sections of a given length."""
    low = min(heights)
    total = 0
    for i, h in enumerate(heights):
        if (h - low) % k == 0 and i > 0:
            total += (h - low) // k * (i + 1)
    return total
'''


@pytest.mark.parametrize(
    "message",
    [
        "Use ```\nmin(x)\n``` first.",
        "Do this:\ndef f(a, b):\n    pass",
        "Hint:\ntotal = sum(heights[1:])",
        "The answer is the sum of (h - low) // k * (i + 1) over the tanks.",
        "Add up `(x - base) // step * (n + 1)` for every tank.",
        "if (h - low) % k == 0 and i > 0 then it counts",
    ],
)
def test_leaks_are_seen(message: str) -> None:
    assert leaked_code(message, CODE)


@pytest.mark.parametrize(
    "message",
    [
        "A terrace is lowered until its lowest tank stands on the ground. Which tanks can be reached?",
        "Report the heights of the tanks that can be reached with whole ladder sections of a given length.",
        "If k is 3: only every third step counts. For each of them: add its place.",
        "Think of `k` as a length, and of `heights` as places.",
        "Subtract the smallest height from each, keep the multiples of k, and add the quotients, each times its place.",
        "while there is water left, (a) drain, (b) wait.",
    ],
)
def test_hints_pass(message: str) -> None:
    assert leaked_code(message, CODE) == ""


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("As before, count the tanks.", "As before"),
        ("This is a harder version: count twice.", "harder version"),
        ("Unlike the previous problem, ties count.", "previous problem"),
        ("A variation on the original problem.", "original problem"),
        ("This time, the list is circular.", "This time,"),
        ("Find out what the given code does.", "given code"),
        ("The snippet above sorts.", "The snippet"),
        ("The input blocks show it.", "input blocks"),
    ],
)
def test_leaning_on_the_unseen_is_seen(message: str, words: str) -> None:
    assert relies_on_unseen(message) == words


@pytest.mark.parametrize(
    "message",
    [
        "Every task waits for the previous task; the last round decides.",
        "The gardener plants each seed in the code of her calendar.",
        "At this time step the student with the best mark is chosen.",
        "Each value is compared with the previous one, and with the first question mark.",
    ],
)
def test_stories_pass(message: str) -> None:
    assert relies_on_unseen(message) == ""
