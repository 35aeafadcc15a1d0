"""The published filters: which statements and which solvers' replies are dropped before anything runs."""

import ast
import re

from stepsmith.core.answers import code_blocks
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.synth.llm.leakage import refers_to_earlier

WORDS_PER_TOKEN = 0.75  # the usual rule for English; the paper counts tokens of a tokenizer that it does not name
CHARS_PER_TOKEN = 4  # used where the server does not report tokens

# Words that name a method rather than a task. Ours: the paper only says that statements give no hints. Words that
# stories use as well (a heap of stones, a greedy merchant) count only where they can mean nothing but the method.
_METHOD = r"(?:algorithm|approach|method|technique|strategy|solution|search|procedure)s?"
_USE = (
    r"(?:us(?:e|es|ed|ing)|via|maintain(?:s|ing)?|keep(?:s|ing)?|implement(?:s|ed|ing)?|with the help of|by means of)"
)
_HINTS = re.compile(
    r"\b(?:dynamic programming|memoi[sz](?:e|ation)|binary search|ternary search|sliding window|prefix sums?"
    r"|breadth[- ]first|depth[- ]first|bfs|dfs|dijkstra|floyd[- ]warshall|union[- ]find|disjoint[- ]set|segment tree"
    r"|fenwick|binary indexed tree|sparse table|trie|hash ?(?:map|table|set)|monoton(?:ic|e) (?:stack|queue|deque)"
    r"|topological(?:ly)? (?:order|sort)(?:ing)?|bit ?mask|time complexity|memory complexity|coordinate compression"
    r"|inclusion[- ]exclusion|suffix (?:array|automaton|tree)|rolling hash|backtracking|heap ?sort|heapify"
    r"|sieve of eratosthenes|prime sieve|(?:min|max|binary|fibonacci)[- ]?heaps?"
    r"|heap (?:operation|property|data structure)s?|heap-based|knapsack (?:problem|dp)"
    r"|max(?:imum)?[- ]flow (?:problem|network)|min(?:imum)?[- ]cut"
    rf"|(?:two[- ]pointers?|greedy|divide[- ]and[- ]conquer|sieve|knapsack|max(?:imum)?[- ]flow) {_METHOD}"
    r"|greedily (?:choos|pick|tak|select|assign|match)\w*|(?:choos|pick|tak|select|assign|match)\w* greedily"
    rf"|{_USE} (?:an? |the |some |two |both )?(?:two pointers|heaps?|priority queues?|sieve|backtrack\w*)(?! of\b))\b"
    r"|\bO\((?:[^()\n]|\([^()\n]*\)){0,20}(?:\b[nmkqve]\b|log|\^|\d)(?:[^()\n]|\([^()\n]*\)){0,20}\)",
    re.IGNORECASE,
)


def drop_statement(statement: str, min_tokens: int) -> tuple[str, str] | None:
    """Return (reason, detail) to drop a statement, or None.

    Reasons: "statement-too-short" (X-Coder), "hint-in-statement", "not-alone".
    """
    words = len(statement.split())
    if words < min_tokens * WORDS_PER_TOKEN:
        return (
            "statement-too-short",
            f"the statement has {words} words, at least {least_words(min_tokens)} are needed",
        )
    if hint := _HINTS.search(statement):
        return "hint-in-statement", f"the statement names a method: {' '.join(hint[0].split())!r}"
    if reference := refers_to_earlier(statement):
        return "not-alone", f"the statement refers to what its reader has not seen: {reference!r}"
    return None


def least_words(min_tokens: int) -> int:
    """Return the number of words that make about ``min_tokens`` tokens."""
    return round(min_tokens * WORDS_PER_TOKEN)


def read_solution(completion: ModelOutput, max_tokens: int) -> tuple[str, str]:
    """Return (program, "") of a solver's reply, or ("", reason) to drop it: all reasons are X-Coder's.

    "reply-too-long" (over ``max_tokens``, reasoning included), "reasoning-incomplete" (cut off, or it has no answer
    after the reasoning), "refused", "no-code-block", "several-code-blocks", "syntax-error".
    """
    if tokens(completion) > max_tokens:
        return "", "reply-too-long"
    if completion.refusal or completion.finish_reason in ("content_filter", "refusal"):
        return "", "refused"
    if completion.finish_reason == "length" or not completion.text:
        return "", "reasoning-incomplete"
    blocks = code_blocks(completion.text)
    if len(blocks) != 1:
        return "", "several-code-blocks" if blocks else "no-code-block"
    if blocks[0].language not in ("", "python", "py", "python3"):
        return "", "not-python"
    try:
        ast.parse(blocks[0].code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", "syntax-error"
    return blocks[0].code.rstrip() + "\n", ""


def tokens(completion: ModelOutput) -> int:
    """Return the tokens of a reply: as the server counted them, or estimated from its length."""
    if completion.usage.completion_tokens and not completion.usage.estimated:
        return completion.usage.completion_tokens
    return (len(completion.content) + len(completion.reasoning_content)) // CHARS_PER_TOKEN
