"""The published filters: what they drop, and what they have to let pass."""

import pytest

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.synth.two_stage.filters import drop_statement, read_solution


@pytest.mark.parametrize(
    "sentence",
    [
        "Use a segment tree.",
        "It runs in O(n log n).",
        "O(N^2) is too slow.",
        "Aim at O(V + E).",
        "Mind O(n * sqrt(n)).",
        "A greedy algorithm fails here.",
        "Choose greedily from the left.",
        "A greedy approach works.",
        "Use a heap to find the largest.",
        "Maintain two heaps.",
        "Keep a min-heap of ends.",
        "Heap-based ways are best.",
        "Use two pointers.",
        "The two-pointer technique helps.",
        "Divide and conquer algorithms are too slow.",
        "This is a knapsack problem.",
        "Dynamic programming over subsets.",
        "A sieve of Eratosthenes finds them.",
        "By means of a priority queue.",
        "Backtracking is enough.",
        "Think of prefix sums.",
        "A sliding window moves.",
        "Compute the maximum flow problem's value.",
        "Memoize the results.",
        "Use a hash map.",
        "Its time complexity is low.",
    ],
)
def test_a_method_that_is_named_is_a_hint(sentence: str) -> None:
    dropped = drop_statement(f"Count the stones that are left in the end. {sentence}", 10)
    assert dropped is not None
    assert dropped[0] == "hint-in-statement"


@pytest.mark.parametrize(
    "sentence",
    [
        "A heap of stones lies on the table, and a player takes from one of the heaps.",
        "She builds a heap of grain, then uses a heap of sand as a wall.",
        "A greedy merchant always sells the dearest jewel; the greedy algorithmist laughs.",
        "The greedy king eats greedily.",
        "The previous task has to be finished before the next one, and the last task ends the day.",
        "The traveller packs a knapsack of capacity $C$ with a sieve and two pointers of an old clock.",
        "The emperor's motto is to divide and conquer.",
        "Passengers in the priority queue board first.",
        "If the path is blocked she has to backtrack to the gate.",
        "The flow of water through the pipe is at most the maximum flow that it was built for.",
        "Every question is worth more than the previous question.",
        "Blood of group O (negative) is kept apart, and O(x) denotes the owner of x.",
        "The trier of wines compares a modified version of the label with the original version.",
        "Each window is sliding; the stack of plates and the queue of guests do not matter.",
    ],
)
def test_words_that_stories_use_as_well_pass(sentence: str) -> None:
    assert drop_statement(f"Count what is left in the end, and print it. {sentence}", 10) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "As in the previous problem, n is odd.",
        "This is a harder version: ties count.",
        "Unlike the last task, n is even.",
    ],
)
def test_statements_stand_alone(sentence: str) -> None:
    dropped = drop_statement(f"Count what is left in the end, and print it. {sentence}", 10)
    assert dropped is not None
    assert dropped[0] == "not-alone"


def test_the_paper_s_length_of_a_statement_is_a_setting():
    assert drop_statement("word " * 149, 200)[0] == "statement-too-short"  # type: ignore[index]
    assert drop_statement("word " * 150, 200) is None
    assert drop_statement("word " * 8, 10) is None


def completion(content: str, finish: str = "stop", tokens: int = 100, refusal: str = "") -> ModelOutput:
    usage = Usage(completion_tokens=tokens)
    return ModelOutput(content=content, finish_reason=finish, model="m", sample=0, usage=usage, refusal=refusal)


BLOCK = "```python\nprint(1)\n```"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion(BLOCK), ""),
        (completion(f"<think>\n```\nno\n```\n</think>\n{BLOCK}"), ""),
        (completion(BLOCK, tokens=25_001), "reply-too-long"),
        (completion("x" * 100_004 + BLOCK, tokens=0), "reply-too-long"),
        (completion(BLOCK, finish="length"), "reasoning-incomplete"),
        (completion(f"<think>{BLOCK}"), "reasoning-incomplete"),
        (completion("", refusal="I will not"), "refused"),
        (completion("print(1)"), "no-code-block"),
        (completion(BLOCK + "\n" + BLOCK), "several-code-blocks"),
        (completion(BLOCK.replace("python", "cpp")), "not-python"),
        (completion(BLOCK.replace("(1)", "(")), "syntax-error"),
    ],
)
def test_the_published_filters_on_solvers_replies(reply, reason):
    code, why = read_solution(reply, 25_000)
    assert why == reason
    assert code == ("" if reason else "print(1)\n")
