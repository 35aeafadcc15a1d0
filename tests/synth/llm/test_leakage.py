"""A message may hint; it may not give the program away or lean on what its reader has not seen."""

import pytest

from stepsmith.synth.llm.leakage import leaked_code, relies_on_unseen

SCORE = """def f(names, limit):
    taken = {}
    for position, name in enumerate(names, 1):
        depth = name.count(".")
        taken[name] = 10 * depth + position
    return taken
"""
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
        "It scores (h-low)//k*(i+1) points.",  # other spaces
        "It scores ( h - low ) // k * ( i + 1 ) points, where i is its place.",
        "It scores (level − base) // step × (place + 1) points.",  # other names and signs
        "A tank scores (h - low) // k * (i + 1), and h is its height (in metres).",
    ],
)
def test_leaks_are_seen(message: str) -> None:
    assert leaked_code(message, CODE)


@pytest.mark.parametrize(
    ("message", "leaks"),
    [
        ("Every ending has the score 10 * depth + position, where depth is its number of parts.", True),
        ("Every ending has the score 10*depth+position, where depth is its number of parts.", True),
        ("Every ending has the score 10 · depth + position, where depth is its number of parts.", True),
        ("Every ending has the score `10 * d + p`.", True),
        ("Every ending scores ten points for each of its parts, and the position of its reader is added.", False),
        ("Every ending scores ten times its depth plus the position of its reader.", False),
        ("The score of an ending at depth 2 of the third reader is 23.", False),
    ],
)
def test_a_formula_is_a_leak_and_its_meaning_in_words_is_not(message: str, leaks: bool) -> None:
    assert bool(leaked_code(message, SCORE)) == leaks


@pytest.mark.parametrize(
    "message",
    [
        "A terrace is lowered until its lowest tank stands on the ground. Which tanks can be reached?",
        "Report the heights of the tanks that can be reached with whole ladder sections of a given length.",
        "If k is 3: only every third step counts. For each of them: add its place.",
        "Think of `k` as a length, and of `heights` as places.",
        "Subtract the smallest height from each, keep the multiples of k, and add the quotients, each times its place.",
        "while there is water left, (a) drain, (b) wait.",
        "The score is the number of sections times the place, counted from one.",
        "Every tank has a height h - low above the ground, and k is the length.",  # two operands alone
        "Go left-to-right, top-to-bottom, and count 1, 2, 3 - or stop.",
        "A tank (the lowest) at place i + 1 counts; e.g. 3 * 2 = 6.",
    ],
)
def test_hints_pass(message: str) -> None:
    assert leaked_code(message, CODE) == ""


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("As before, count the tanks.", "As before"),
        ("This is a harder version: count twice.", "harder version"),
        ("Unlike the previous problem, ties count.", "Unlike the previous problem"),
        ("A variation on the original problem.", "on the original problem"),
        ("This time, the list is circular.", "This time"),
        ("This time the walker remembers the way.", "This time"),
        ("Count the tanks. As before, ties count twice.", ". As before"),
        ("It is counted as in the previous exercise.", "as in the previous exercise"),
        ("Unlike in the last puzzle, the list is circular.", "Unlike in the last puzzle"),
        ("A simpler version of the same puzzle.", "simpler version of the same puzzle"),
        ("A problem with a pass rate of 0.3.", "pass rate of 0"),
        ("Find out what the given code does.", "given code does"),
        ("The original code sorted twice.", "original code"),
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
        "A worker starts when the previous task is done; the last task of the day decides.",
        "In the quiz a question is worth twice the previous question, and the last question counts three times.",
        "The last problem of a contest is solved by nobody, the others by one in two.",
        "The printer keeps a modified version of the word beside the original version of the page.",
        "Whoever moved in the previous turn has to wait; the safe remembers the previous attempts.",
        "The climbers take the easier variant of the route, as before noon the harder one is wet.",
        "The lock opens with the given code; the theatre prints this program for every evening.",
        "The exam has a pass rate, and who is above it passes. This time of the year nobody is.",
    ],
)
def test_stories_pass(message: str) -> None:
    assert relies_on_unseen(message) == ""
